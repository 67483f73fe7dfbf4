"""Let a player send all its frames through the node."""

from __future__ import annotations

from collections.abc import Callable

from sfnet_ros.ros.replay.child import ReplayError
from sfnet_ros.ros.replay.conduct import Conduct, at_keys, in_its_own_time, in_lockstep
from sfnet_ros.ros.replay.exchange import Exchange
from sfnet_ros.ros.replay.plan import Mode, ReplayPlan
from sfnet_ros.ros.replay.replayed import Replayed
from sfnet_ros.ros.replay.stage import Cast, Program, open_stage

# A large model on a slow machine takes its time to load and warm up.
START_S = 90.0
# A backend that was not prepared is waited for where nothing may stand in for it.
_PREPARATION_S = 600.0
# What goes with a label follows it at once.
_COMPANIONS_S = 1.0

_CONDUCTS: dict[Mode, Conduct] = {Mode.PACED: in_its_own_time, Mode.LOCKSTEP: in_lockstep, Mode.STEP: at_keys}


def replay(plan: ReplayPlan, on_label: Callable[[], object]) -> Replayed:
    """Play a recording through the node.

    Args:
        plan: What to replay.
        on_label: Called for every label that arrives.

    Raises:
        ReplayError: A process failed, nothing came back, or what came back was never sent.
    """
    replayed = Replayed()
    cast = Cast(
        plan.topic,
        node=Program('sfnet_ros.ros.segmentation_node', plan.node_arguments()),
        player=Program('sfnet_ros.ros.replay.player', plan.player_arguments()),
        store=replayed.labels.fileno(),
        domain=plan.domain,
    )
    start_s = START_S if plan.mode is Mode.PACED else START_S + _PREPARATION_S
    perform(cast, replayed, on_label, _CONDUCTS[plan.mode], start_s)
    return replayed


def perform(
    cast: Cast,
    exchange: Exchange,
    on_label: Callable[[], object],
    conduct: Conduct = in_its_own_time,
    start_s: float = START_S,
) -> None:
    """Let the player send all its frames through the node.

    Args:
        cast: Who plays.
        exchange: Told of all that happens.
        on_label: Called for every label that arrives.
        conduct: Leads from the first frame to the last label.
        start_s: How long the node may take to start.

    Raises:
        ReplayError: A process failed, or the exchange does not accept what came of it.
    """
    with open_stage(cast, exchange, on_label) as stage:
        # The slowest to start comes first.
        stage.start('node', 'collector', 'player')
        if not stage.wait_for(lambda: stage.matched == {'player', 'collector'}, start_s):
            raise ReplayError(f'the node did not take frames of {cast.camera} within {start_s:g} s of its start')
        conduct(stage)
        stage.wait_for(stage.is_complete, _COMPANIONS_S)
        stage.end_in_order()
    exchange.check()

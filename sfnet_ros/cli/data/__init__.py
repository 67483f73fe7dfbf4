"""The `sfnet data` commands: one module per verb."""

SUMMARY = 'look into labelled data sets'
EXAMPLE = 'sfnet data check data/camvid'
COMMANDS = ('check',)

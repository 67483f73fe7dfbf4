"""The `sfnet bag` commands: one module per verb."""

SUMMARY = 'make and replay recordings (rosbag2)'
EXAMPLE = 'sfnet bag make --camvid data/camvid --drive 0016E5 --out camvid_0016E5'
COMMANDS = ('make', 'replay')

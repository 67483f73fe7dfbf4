"""The `sfnet bag` commands: one module per verb."""

SUMMARY = 'make, evaluate and replay recordings (rosbag2)'
EXAMPLE = 'sfnet bag make --camvid data/camvid --drive 0016E5 --out camvid_0016E5'
COMMANDS = ('make', 'evaluate', 'replay', 'label', 'export')

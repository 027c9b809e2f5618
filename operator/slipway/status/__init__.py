"""Pure: what was seen and planned → the status, conditions and notices that people read."""

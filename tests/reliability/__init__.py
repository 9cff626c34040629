"""Tests of faults: kills, full disks, flipped bits, hostile files, many readers beside a writer."""

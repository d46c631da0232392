"""The console in a real browser; one fleet and one Chromium for all, which end with these tests."""

"""The demo: a card-fraud model, its REST API, weeks of traffic with a story, and a local stand-in for Slack."""

"""A market operator: unit commitment a day ahead, optimal power flow in real time, bids of many DSOs."""

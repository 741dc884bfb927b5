"""What tests build their worlds from: builders, databases, clocks, peers."""

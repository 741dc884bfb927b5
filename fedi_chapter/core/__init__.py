"""The ground floor: clock, ids, errors, text and log. It knows no noun of ours."""

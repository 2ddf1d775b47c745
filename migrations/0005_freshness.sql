-- How recent and how complete the tables are.

-- When a slot was written says nothing about that: an indexer that catches up writes old slots now.
ALTER TABLE checkpoint DROP COLUMN applied_at_ms;
-- When the tables were last known to hold everything confirmed, in Unix milliseconds by the writer's clock; none before the first time.
ALTER TABLE checkpoint ADD COLUMN current_at_ms BIGINT CHECK (current_at_ms >= 0);
-- The first slot from which transactions, events and settlements are complete: what the RPC node had when the tables were first filled.
-- None where they were filled before this was recorded.
ALTER TABLE checkpoint ADD COLUMN history_from BIGINT CHECK (history_from >= 0);

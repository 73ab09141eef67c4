-- Several nodes on one database tell each other apart by heartbeats, in milliseconds of the
-- database's own clock. A node that ended in order has none.
alter table node add column heartbeat_at bigint;

-- A settle that came after its hold had been closed for a node that seemed gone.
alter table ledger_entry drop constraint ledger_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_kind_check
    check (kind in ('grant', 'adjustment', 'correction'));

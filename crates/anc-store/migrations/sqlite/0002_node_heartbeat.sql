-- Several nodes on one database tell each other apart by heartbeats. One process alone writes an
-- SQLite database, so that here the column stays empty; it keeps the schemas alike.
alter table node add column heartbeat_at integer;

-- Kinds of entries are a CHECK, which SQLite changes by making the table anew.
create table ledger_entry_new (
    seq integer primary key autoincrement,
    account_id integer not null references account (id),
    kind text not null check (kind in ('grant', 'adjustment', 'correction')),
    amount integer not null check (amount <> 0 and (kind <> 'grant' or amount > 0)),
    reason text not null,
    -- what brought it about, so that it is posted once
    cause text not null unique,
    created_at integer not null
) strict;

insert into ledger_entry_new (seq, account_id, kind, amount, reason, cause, created_at)
select seq, account_id, kind, amount, reason, cause, created_at
from ledger_entry;

drop trigger ledger_entry_is_not_removed;
drop table ledger_entry;
alter table ledger_entry_new rename to ledger_entry;

create index ledger_entry_by_account on ledger_entry (account_id, seq);

create trigger ledger_entry_is_not_changed before update on ledger_entry
begin
    select raise(abort, 'ledger entries are append-only');
end;

create trigger ledger_entry_is_not_removed before delete on ledger_entry
begin
    select raise(abort, 'ledger entries are append-only');
end;

-- The rest of what moves a balance beside charges. Kinds are a CHECK, which SQLite changes by making
-- the table anew; its numbers go on.
create table ledger_entry_new (
    seq integer primary key autoincrement,
    account_id integer not null references account (id),
    kind text not null check (kind in ('grant', 'adjustment', 'correction', 'top_up', 'redemption',
                                       'payment', 'reversal', 'usage_summary')),
    amount integer not null
        check (amount <> 0
               and (kind not in ('grant', 'top_up', 'redemption', 'payment') or amount > 0)
               and (kind not in ('reversal', 'usage_summary') or amount < 0)),
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

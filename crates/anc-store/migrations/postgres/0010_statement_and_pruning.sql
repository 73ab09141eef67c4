-- What a statement and a proof need: the balance after each entry, late corrections by request, and
-- what was charged by usage rows that were pruned.

-- The account's balance when the entry was posted; null where the entry is older than the column.
alter table ledger_entry add column balance_after bigint;

create index ledger_entry_by_time on ledger_entry (account_id, created_at, seq);

-- What a settle that came after its hold was closed for a node that seemed gone differs from the
-- charge of its usage row, which stays as it was written. Its ledger entry has the opposite amount.
create table charge_correction (
    request_id bytea not null primary key check (octet_length(request_id) = 16),
    account_id bigint not null references account (id),
    token_id bigint not null references api_token (id),
    -- owed more (above zero) or less than the row's charge
    amount bigint not null check (amount <> 0),
    -- the windows of the usage row, whose budgets it moved too
    window_day bigint,
    window_week bigint,
    window_month bigint,
    created_at bigint not null,
    -- the usage row was pruned since
    pruned boolean not null default false
);

insert into charge_correction (request_id, account_id, token_id, amount, window_day, window_week,
    window_month, created_at)
select u.request_id, u.account_id, u.token_id, -e.amount, u.window_day, u.window_week,
       u.window_month, e.created_at
from ledger_entry e
join usage u on u.request_id = decode(substr(e.cause, 12), 'hex')
where e.kind = 'correction';

-- Corrections that were posted before this version moved the balance alone.
update api_token_spend
set used = used + (select cast(sum(c.amount) as bigint) from charge_correction c
                   where c.token_id = api_token_spend.token_id)
where token_id in (select token_id from charge_correction);

update api_token_window
set used = used + (select cast(sum(c.amount) as bigint) from charge_correction c
                   where c.token_id = api_token_window.token_id
                   and c.window_day = api_token_window.start)
where period = 'day'
and exists (select 1 from charge_correction c
            where c.token_id = api_token_window.token_id
            and c.window_day = api_token_window.start);

update api_token_window
set used = used + (select cast(sum(c.amount) as bigint) from charge_correction c
                   where c.token_id = api_token_window.token_id
                   and c.window_week = api_token_window.start)
where period = 'week'
and exists (select 1 from charge_correction c
            where c.token_id = api_token_window.token_id
            and c.window_week = api_token_window.start);

update api_token_window
set used = used + (select cast(sum(c.amount) as bigint) from charge_correction c
                   where c.token_id = api_token_window.token_id
                   and c.window_month = api_token_window.start)
where period = 'month'
and exists (select 1 from charge_correction c
            where c.token_id = api_token_window.token_id
            and c.window_month = api_token_window.start);

-- How far the usage rows were pruned: each up to `seq` is gone, and none from `before` on.
create table usage_pruning (
    one bigint primary key check (one = 1),
    seq bigint not null,
    -- milliseconds since 1970, the beginning of an hour
    before bigint not null
);

insert into usage_pruning (one, seq, before)
values (1, 0, 0);

-- What pruned usage rows summed up to, by token: with the rows that are left it makes what the
-- token used. The hourly sums are kept.
create table usage_pruned (
    token_id bigint not null primary key references api_token (id),
    account_id bigint not null references account (id),
    requests bigint not null,
    charge bigint not null,
    input bigint not null,
    cached_input bigint not null,
    cache_write_5m bigint not null,
    cache_write_1h bigint not null,
    cache_write_other bigint not null,
    input_audio bigint not null,
    output bigint not null,
    reasoning bigint not null,
    output_audio bigint not null,
    web_search bigint not null
);

-- The same by the windows of the token's budgets.
create table usage_pruned_window (
    token_id bigint not null references api_token (id),
    period text not null check (period in ('day', 'week', 'month')),
    start bigint not null,
    charge bigint not null,
    primary key (token_id, period, start)
);

-- A statement reads an account's hours, newest first.
create index usage_hourly_by_account on usage_hourly (account_id, hour);

-- Lists and sums of a large instance: what would otherwise be made of millions of rows at each look.

-- Derived from usage by the follower: what an account came to in an hour, by model, and where in the
-- log those requests lie. Account 0 is everybody. Readers add the tail beyond the watermark.
create table usage_account_hour (
    account_id bigint not null,
    -- hours since 1970
    hour bigint not null,
    model text collate "C" not null,
    requests bigint not null,
    charge bigint not null,
    -- cached units included
    input_units bigint not null,
    -- reasoning included
    output_units bigint not null,
    -- how many of the requests were streams
    streams bigint not null,
    -- the dearest of them
    charge_max bigint not null,
    -- the first and the last of them in the log; 0 where they were pruned before this was noted
    first_seq bigint not null,
    last_seq bigint not null,
    primary key (account_id, hour, model)
);

insert into usage_account_hour (account_id, hour, model, requests, charge, input_units, output_units,
    streams, charge_max, first_seq, last_seq)
select h.account_id, h.hour, h.model, h.requests, h.charge, h.input_units, h.output_units,
       coalesce(r.streams, 0), coalesce(r.charge_max, 0), coalesce(r.first_seq, 0),
       coalesce(r.last_seq, 0)
from (
    select account_id, hour, model, sum(requests) as requests, sum(charge) as charge,
           sum(input + cached_input + cache_write_5m + cache_write_1h + cache_write_other
               + input_audio) as input_units,
           sum(output + reasoning + output_audio) as output_units
    from usage_hourly
    group by account_id, hour, model
) h
left join (
    select account_id, created_at / 3600000 as hour, model,
           sum(case when stream then 1 else 0 end) as streams, max(charge) as charge_max,
           min(seq) as first_seq, max(seq) as last_seq
    from usage
    where seq <= (select seq from follower_watermark where name = 'usage')
    group by account_id, created_at / 3600000, model
) r on r.account_id = h.account_id and r.hour = h.hour and r.model = h.model;

insert into usage_account_hour (account_id, hour, model, requests, charge, input_units, output_units,
    streams, charge_max, first_seq, last_seq)
select 0, hour, model, sum(requests), sum(charge), sum(input_units), sum(output_units),
       sum(streams), max(charge_max), coalesce(min(nullif(first_seq, 0)), 0), max(last_seq)
from usage_account_hour
group by hour, model;

-- The same for how requests ended: account 0 is everybody.
insert into usage_outcome_hourly (account_id, hour, end_reason, first_token_ms_to, requests)
select 0, hour, end_reason, first_token_ms_to, sum(requests)
from usage_outcome_hourly
group by hour, end_reason, first_token_ms_to;

-- Derived from usage by the follower: what a token came to in a day of universal time.
create table usage_token_day (
    token_id bigint not null,
    -- days since 1970
    day bigint not null,
    account_id bigint not null,
    requests bigint not null,
    charge bigint not null,
    primary key (token_id, day)
);

insert into usage_token_day (token_id, day, account_id, requests, charge)
select token_id, hour / 24, min(account_id), sum(requests), sum(charge)
from usage_hourly
group by token_id, hour / 24;

-- Which tokens cost most: of everybody's, and of an account's.
create index usage_token_day_by_charge on usage_token_day (day, charge, token_id);
create index usage_token_day_of_account on usage_token_day (account_id, day, charge, token_id);

-- Lists of everybody's tokens.
create index api_token_by_creation on api_token (created_at, id) where deleted_at is null;
create index api_token_by_name on api_token (lower(name), id) where deleted_at is null;
create index api_token_of_account_by_name on api_token (account_id, lower(name), id)
    where deleted_at is null;

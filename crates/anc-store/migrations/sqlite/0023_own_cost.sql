-- What requests cost the operator, beside what they were charged.

-- The factor on the price book at which the channel's provider bills the operator, in parts per
-- million; 0: it costs nothing.
alter table channel add column cost_ppm integer not null default 1000000
    check (cost_ppm between 0 and 4294967295);

-- What the operator's provider bills for the units: their price without the multiplier of tier and
-- group, times the channel's. Null where it is not known: rows from before, and those without a channel.
alter table usage add column cost integer check (cost >= 0);
-- the channel's factor at that time, from which the cost can be computed again
alter table usage add column cost_ppm integer
    check (cost_ppm between 0 and 4294967295 and (cost is null) = (cost_ppm is null));

-- The same in the sums. A margin is made of `costed_charge`, which is what the requests whose cost
-- is known were charged, and of `cost`.
alter table usage_hourly add column cost integer not null default 0;
alter table usage_hourly add column costed_requests integer not null default 0;
alter table usage_hourly add column costed_charge integer not null default 0;
alter table usage_account_hour add column cost integer not null default 0;
alter table usage_account_hour add column costed_requests integer not null default 0;
alter table usage_account_hour add column costed_charge integer not null default 0;
alter table usage_pruned add column cost integer not null default 0;
alter table usage_pruned add column costed_requests integer not null default 0;
alter table usage_pruned add column costed_charge integer not null default 0;

-- What all accounts came to in an hour or some.
create index usage_account_hour_by_hour on usage_account_hour (hour);

-- Derived from usage by the follower: what a channel came to in an hour. Channel 0 stands for none,
-- and for what was pruned before this was noted. Readers add the tail beyond the watermark.
create table usage_channel_hour (
    channel_id integer not null,
    -- hours since 1970
    hour integer not null,
    requests integer not null,
    charge integer not null,
    cost integer not null,
    costed_requests integer not null,
    costed_charge integer not null,
    primary key (hour, channel_id)
) strict, without rowid;

insert into usage_channel_hour (channel_id, hour, requests, charge, cost, costed_requests,
    costed_charge)
select channel_id, hour, sum(requests), sum(charge), 0, 0, 0
from (
    select coalesce(channel_id, 0) as channel_id, created_at / 3600000 as hour, 1 as requests,
           charge
    from usage
    where seq <= (select seq from follower_watermark where name = 'usage')
    union all
    select 0, created_at / 3600000, -1, -charge
    from usage
    where seq <= (select seq from follower_watermark where name = 'usage')
    union all
    select 0, hour, requests, charge
    from usage_hourly
) as part
group by channel_id, hour
having sum(requests) > 0;

-- An attempt at a provider that told what it bills and then failed, so that another one was tried,
-- or none answered. Nobody is charged for it; the operator pays. Kept when usage is pruned.
create table failed_attempt (
    request_id blob not null check (length(request_id) = 16),
    -- which attempt of the request, from one
    attempt integer not null check (attempt > 0),
    account_id integer not null,
    channel_id integer not null,
    model text not null,
    -- JSON: units by meter
    units text not null,
    -- JSON: the prices from which the cost can be computed again; their multiplier is no part of it
    price text not null,
    cost integer not null check (cost >= 0),
    cost_ppm integer not null check (cost_ppm between 0 and 4294967295),
    created_at integer not null,
    primary key (request_id, attempt)
) strict, without rowid;

create index failed_attempt_by_time on failed_attempt (created_at);

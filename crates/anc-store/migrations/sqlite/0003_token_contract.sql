-- The rest of what an API token can be: budgets by period, rates, endpoint scopes, tags, a note,
-- and rotation, in which old secrets work on for a while.

-- IANA name of the zone whose midnights begin the account's budget windows.
alter table account add column time_zone text not null default 'UTC';

alter table api_token add column budget_day integer check (budget_day >= 0);
alter table api_token add column budget_week integer check (budget_week >= 0);
alter table api_token add column budget_month integer check (budget_month >= 0);
alter table api_token add column requests_per_minute integer check (requests_per_minute > 0);
alter table api_token add column units_per_minute integer check (units_per_minute > 0);
alter table api_token add column concurrency integer check (concurrency > 0);
-- JSON lists of texts; empty allows all endpoints
alter table api_token add column scopes text not null default '[]';
alter table api_token add column tags text not null default '[]';
alter table api_token add column note text not null default '';
-- when the secret in use was made; null: with the token
alter table api_token add column rotated_at integer;

-- Secrets that were rotated away and still work until their time is over.
create table api_token_old_secret (
    -- SHA-256 of the whole presented text
    hash blob not null primary key check (length(hash) = 32),
    token_id integer not null references api_token (id),
    hint text not null,
    valid_until integer not null
) strict, without rowid;

create index api_token_old_secret_by_token on api_token_old_secret (token_id);

-- What a token's periodic budgets have been used for: a row for each window that was ever used.
-- Windows are computed, never reset.
create table api_token_window (
    token_id integer not null references api_token (id),
    period text not null check (period in ('day', 'week', 'month')),
    -- its first millisecond
    start integer not null,
    -- sum of usage.charge
    used integer not null default 0 check (used >= 0),
    -- sum of hold.amount
    held integer not null default 0 check (held >= 0),
    primary key (token_id, period, start)
) strict, without rowid;

-- The windows that a request's charge lands in, captured when its hold was taken; null where the
-- token had no such budget.
alter table hold add column window_day integer;
alter table hold add column window_week integer;
alter table hold add column window_month integer;
alter table usage add column window_day integer;
alter table usage add column window_week integer;
alter table usage add column window_month integer;

-- Derived from usage by a follower: rows of a token and of an account, newest last.
create table usage_by_token (
    token_id integer not null,
    seq integer not null,
    primary key (token_id, seq)
) strict, without rowid;

create table usage_by_account (
    account_id integer not null,
    seq integer not null,
    primary key (account_id, seq)
) strict, without rowid;

-- Derived from usage by a follower: from where and with which programs a token was used. Times are
-- floored to the minute.
create table api_token_client (
    token_id integer not null,
    address text not null,
    agent text not null,
    first_used_at integer not null,
    last_used_at integer not null,
    requests integer not null,
    primary key (token_id, address, agent)
) strict, without rowid;

insert into usage_by_token (token_id, seq)
select token_id, seq
from usage
where seq <= (select seq from follower_watermark where name = 'usage');

insert into usage_by_account (account_id, seq)
select account_id, seq
from usage
where seq <= (select seq from follower_watermark where name = 'usage');

insert into api_token_client (token_id, address, agent, first_used_at, last_used_at, requests)
select token_id, coalesce(client_address, ''), substr(coalesce(client_agent, ''), 1, 64),
       min(created_at) / 60000 * 60000, max(created_at) / 60000 * 60000, count(*)
from usage
where seq <= (select seq from follower_watermark where name = 'usage')
group by token_id, coalesce(client_address, ''), substr(coalesce(client_agent, ''), 1, 64);

-- What people and programs changed, and who they were. Append-only.
create table audit (
    seq integer primary key autoincrement,
    created_at integer not null,
    -- an email address, a management key's name, or the command line
    actor text not null,
    -- `token.create`, `token.update` …
    action text not null,
    object_id integer,
    account_id integer,
    -- JSON: what changed, without secrets
    detail text not null,
    address text
) strict;

create index audit_by_object on audit (object_id, seq);

-- An answer that a provider keeps: it belongs to the account and the channel that made it.
create table stored_response (
    response_id text not null primary key,
    account_id integer not null references account (id),
    channel_id integer not null,
    model text not null,
    -- units that a request which goes on from it reads again
    units integer not null check (units >= 0),
    created_at integer not null
) strict, without rowid;

-- A running request that is to end is told by its id in `hash`. A CHECK is changed by making the
-- table anew; its numbers go on.
create table change_new (
    seq integer primary key autoincrement,
    topic text not null check (topic in ('token', 'account', 'catalog', 'request')),
    -- id of the token or account
    subject integer,
    -- hash of the token's text, by which copies are kept; the request's id
    hash blob,
    created_at integer not null
) strict;

insert into change_new (seq, topic, subject, hash, created_at)
select seq, topic, subject, hash, created_at
from change;

drop table change;
alter table change_new rename to change;

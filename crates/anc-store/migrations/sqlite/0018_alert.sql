-- Alerts: what people are told without asking, how they want it, and what is still to be sent.

-- Something that was told, once: the cause sees to that. Kept for ever, since a cause that were
-- forgotten could be told again.
create table alert (
    seq integer primary key autoincrement,
    -- whose; null: the operators'
    account_id integer references account (id),
    kind text not null,
    -- what it is about beside the account
    token_id integer references api_token (id),
    channel_id integer references channel (id),
    -- subject, period and threshold, as one text
    cause text not null unique,
    -- JSON: names and figures of that moment, for people
    detail text not null,
    created_at integer not null
) strict;

create index alert_by_account on alert (account_id, seq);

-- Up to which alert a person has seen theirs.
create table alert_seen (
    user_id integer primary key references app_user (id),
    seq integer not null
) strict;

-- How the people of an account want to be told. Without a row: of everything, by mail.
create table alert_preference (
    account_id integer primary key references account (id),
    -- JSON list of the kinds that are turned off
    kinds_off text not null,
    -- below which balance it is low, in nano-USD; null: as the instance has it
    low_balance integer check (low_balance >= 0),
    mail integer not null check (mail in (0, 1)),
    updated_at integer not null
) strict;

-- Where an account's alerts are posted to.
create table webhook (
    account_id integer primary key references account (id),
    url text not null,
    -- what its posts are signed with, sealed: see seal.rs
    secret_sealed blob not null,
    created_at integer not null,
    -- how it went of late
    delivered_at integer,
    failed_at integer,
    -- in words for the account's people
    failure text
) strict;

-- What is known of an account between two looks.
create table alert_state (
    account_id integer primary key references account (id),
    -- since when its balance is low; null: it is not
    low_since integer,
    -- the hour, since 1970, whose consumption is still to be judged
    hour_to_judge integer
) strict;

create index alert_state_low on alert_state (account_id) where low_since is not null;
create index alert_state_to_judge on alert_state (hour_to_judge) where hour_to_judge is not null;

-- Alerts on their way. Whoever takes one moves its next try on, which keeps others from taking it,
-- and lets them when the taker died.
create table outbox (
    seq integer primary key autoincrement,
    alert_seq integer not null references alert (seq),
    channel text not null check (channel in ('mail', 'webhook')),
    -- of a mail the address; of a webhook nothing: it goes to where the account's is then
    target text not null,
    account_id integer not null references account (id),
    attempts integer not null default 0,
    -- null: it is over
    next_try_at integer,
    done_at integer,
    failed_at integer,
    failure text,
    created_at integer not null,
    unique (alert_seq, channel, target, account_id)
) strict;

create index outbox_due on outbox (next_try_at) where next_try_at is not null;
create index outbox_by_age on outbox (created_at);

-- Tokens that expire soon.
create index api_token_by_expiry on api_token (expires_at)
where deleted_at is null and expires_at is not null;

-- What was used before is no news.
insert into follower_watermark (name, seq)
select 'alerts', seq
from follower_watermark
where name = 'usage';

-- What a tier says beside its limit of tokens and its factor.

-- how far below zero a balance may be spent, in nano-dollars
alter table tier add column overdraft integer not null default 0 check (overdraft >= 0);
-- JSON lists of texts; empty allows all
alter table tier add column models text not null default '[]';
alter table tier add column channel_groups text not null default '[]';
-- of all of an account's tokens together
alter table tier add column requests_per_minute integer check (requests_per_minute > 0);
alter table tier add column units_per_minute integer check (units_per_minute > 0);
alter table tier add column concurrency integer check (concurrency > 0);
-- when a new token expires that names no end, and at the latest; null: never
alter table tier add column expiry_days_default integer check (expiry_days_default > 0);
alter table tier add column expiry_days_max integer check (expiry_days_max > 0);
-- counts the edits
alter table tier add column version integer not null default 1;

create index account_by_tier on account (tier_id);

-- why an operator suspended it
alter table account add column suspended_reason text;
-- counts the edits
alter table account add column version integer not null default 1;

-- A tier's edit concerns all of its accounts. A CHECK is changed by making the table anew; its
-- numbers go on.
create table change_new (
    seq integer primary key autoincrement,
    topic text not null check (topic in ('token', 'account', 'tier', 'catalog', 'request')),
    -- id of the token, account or tier
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

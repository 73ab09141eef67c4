-- What a tier says beside its limit of tokens and its factor.

-- how far below zero a balance may be spent, in nano-dollars
alter table tier add column overdraft bigint not null default 0 check (overdraft >= 0);
-- JSON lists of texts; empty allows all
alter table tier add column models text not null default '[]';
alter table tier add column channel_groups text not null default '[]';
-- of all of an account's tokens together
alter table tier add column requests_per_minute bigint check (requests_per_minute > 0);
alter table tier add column units_per_minute bigint check (units_per_minute > 0);
alter table tier add column concurrency bigint check (concurrency > 0);
-- when a new token expires that names no end, and at the latest; null: never
alter table tier add column expiry_days_default bigint check (expiry_days_default > 0);
alter table tier add column expiry_days_max bigint check (expiry_days_max > 0);
-- counts the edits
alter table tier add column version bigint not null default 1;

create index account_by_tier on account (tier_id);

-- its name orders pages
alter table account alter column name type text collate "C";
-- why an operator suspended it
alter table account add column suspended_reason text;
-- counts the edits
alter table account add column version bigint not null default 1;

-- A tier's edit concerns all of its accounts.
alter table change drop constraint change_topic_check;
alter table change add constraint change_topic_check
    check (topic in ('token', 'account', 'tier', 'catalog', 'request'));

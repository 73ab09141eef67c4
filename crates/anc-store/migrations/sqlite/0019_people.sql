-- People as operators see and change them, their sessions, and how they signed in.

-- What operators call the person; empty: their address says enough.
alter table app_user add column name text not null default '';
-- Counts changes of password, second factor, role and state. What was begun under an earlier number
-- comes to no session.
alter table app_user add column sign_in_version integer not null default 0;
-- When they last did something in a browser; null: never, or before this was kept.
alter table app_user add column last_seen_at integer;

create index app_user_by_account on app_user (account_id);
create index app_user_by_creation on app_user (created_at, id);

-- Derived, in the transaction of what it follows from: the account has people, and all of them are
-- disabled. Like `suspended` it keeps every token from working, but nobody sets it by itself.
alter table account add column people_disabled integer not null default 0
    check (people_disabled in (0, 1));

update account
set people_disabled = 1
where exists (select 1 from app_user u where u.account_id = account.id and u.disabled)
and not exists (select 1 from app_user u where u.account_id = account.id and not u.disabled);

-- What a session is called outside; opens nothing.
alter table session add column id integer not null default 0;
-- Where it was last used from, and by what.
alter table session add column address text;
alter table session add column user_agent text;

update session set id = abs(random() % 9007199254740991);

create unique index session_by_id on session (id);

-- How people signed in, and failed to. The newest of each person are kept.
create table sign_in (
    seq integer primary key autoincrement,
    user_id integer not null references app_user (id),
    created_at integer not null,
    -- 1: a session began
    succeeded integer not null check (succeeded in (0, 1)),
    -- `password`, `app`, `recovery_code` …: what was shown, or was wrong
    way text not null,
    address text not null,
    -- what the browser calls itself, shortened
    user_agent text not null
) strict;

create index sign_in_by_user on sign_in (user_id, succeeded, seq);

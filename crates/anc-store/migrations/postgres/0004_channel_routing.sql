-- Several channels for one model: which of them first, and at what price.

-- A set of channels with a factor on every price.
create table channel_group (
    name text not null primary key,
    -- parts per million
    multiplier_ppm bigint not null check (multiplier_ppm between 0 and 4294967295),
    created_at bigint not null
);

insert into channel_group (name, multiplier_ppm, created_at)
values ('default', 1000000, 0);

-- higher ones are tried first
alter table channel add column priority bigint not null default 0;
-- among those of one priority, the share of first attempts
alter table channel add column weight bigint not null default 1 check (weight > 0);
alter table channel add column group_name text not null default 'default';
-- JSON: names that clients ask for, to names that the provider knows
alter table channel add column model_map text not null default '{}';

-- through which channels the token's requests go
alter table api_token add column channel_group text not null default 'default';

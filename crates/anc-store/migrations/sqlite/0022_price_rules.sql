-- Pictures, searches in files and the request itself are meters of their own.
alter table usage add column input_image integer not null default 0 check (input_image >= 0);
alter table usage add column output_image integer not null default 0 check (output_image >= 0);
alter table usage add column file_search integer not null default 0 check (file_search >= 0);
alter table usage add column request integer not null default 0 check (request >= 0);
alter table usage_hourly add column input_image integer not null default 0;
alter table usage_hourly add column output_image integer not null default 0;
alter table usage_hourly add column file_search integer not null default 0;
alter table usage_hourly add column request integer not null default 0;
alter table usage_pruned add column input_image integer not null default 0;
alter table usage_pruned add column output_image integer not null default 0;
alter table usage_pruned add column file_search integer not null default 0;
alter table usage_pruned add column request integer not null default 0;

-- A version of a price holds from a time on, until another one's time comes: the one in force is
-- that of the latest time that has come, and of several the highest. It may come from a list.
create table model_price_new (
    model text not null references model (name),
    version integer not null check (version > 0),
    source text not null check (source in ('builtin', 'import', 'manual')),
    -- JSON: decimal strings of USD per million units, by meter; and rules
    price text not null,
    created_at integer not null,
    valid_from integer not null,
    primary key (model, version)
) strict, without rowid;
insert into model_price_new (model, version, source, price, created_at, valid_from)
select model, version, source, price, created_at, created_at from model_price;
drop table model_price;
alter table model_price_new rename to model_price;
alter table model drop column price_version;

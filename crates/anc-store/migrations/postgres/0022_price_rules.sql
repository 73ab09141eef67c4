-- Pictures, searches in files and the request itself are meters of their own.
alter table usage add column input_image bigint not null default 0 check (input_image >= 0);
alter table usage add column output_image bigint not null default 0 check (output_image >= 0);
alter table usage add column file_search bigint not null default 0 check (file_search >= 0);
alter table usage add column request bigint not null default 0 check (request >= 0);
alter table usage_hourly add column input_image bigint not null default 0;
alter table usage_hourly add column output_image bigint not null default 0;
alter table usage_hourly add column file_search bigint not null default 0;
alter table usage_hourly add column request bigint not null default 0;
alter table usage_pruned add column input_image bigint not null default 0;
alter table usage_pruned add column output_image bigint not null default 0;
alter table usage_pruned add column file_search bigint not null default 0;
alter table usage_pruned add column request bigint not null default 0;

-- A version of a price holds from a time on, until another one's time comes: the one in force is
-- that of the latest time that has come, and of several the highest. It may come from a list.
alter table model_price drop constraint model_price_source_check;
alter table model_price add check (source in ('builtin', 'import', 'manual'));
alter table model_price add column valid_from bigint not null default 0;
update model_price set valid_from = created_at;
alter table model_price alter column valid_from drop default;
alter table model drop column price_version;

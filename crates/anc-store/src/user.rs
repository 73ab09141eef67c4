//! People who sign in, and the one setting-up of the instance.

mod change;
mod order;
mod page;

use anc_domain::{AccountId, Entropy, NanoUsd, Secret, UnixMillis, UserId};
use sqlx::FromRow;

pub use self::change::{ChangedUser, UserChanges};
pub use self::order::{Changer, NotChanged};
pub use self::page::{PeoplePage, PeopleQuery, PersonRecord};
use crate::database::{Database, WriteTx};
use crate::idempotency::{self, Idempotency, Repeat};
use crate::ledger::{Credit, EntryKind, Ledger};
use crate::sql::query;
use crate::{StoreError, row};

/// In place of a password's hash: the person has none, and no text is the right one.
pub const NO_PASSWORD: &str = "-";

/// What the first account's starting balance is posted under.
const SETUP_CAUSE: &str = "setup";

/// What a person may do on the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Uses what is theirs.
    User,
    /// Runs the instance.
    Admin,
    /// Runs the instance and appoints who else does.
    Owner,
}

impl Role {
    /// The stable name in the database and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Admin, Self::Owner].into_iter().find(|role| role.name() == name)
    }
}

/// A person who signs in.
#[derive(Debug, Clone)]
pub struct UserRecord {
    /// The person.
    pub id: UserId,
    /// In lower case.
    pub email: String,
    /// What operators call them; may be empty.
    pub name: String,
    /// A PHC string of argon2, or [`NO_PASSWORD`].
    pub password_hash: Secret,
    /// What they may do.
    pub role: Role,
    /// Their own account.
    pub account_id: AccountId,
    /// Whether they are kept from signing in.
    pub disabled: bool,
    /// When they were added.
    pub created_at: UnixMillis,
    /// Counts what ends all their sessions. What was begun under an earlier number comes to none.
    pub sign_in_version: i64,
    /// When they last did something in a browser, to the minute.
    pub last_seen_at: Option<UnixMillis>,
}

impl UserRecord {
    /// Whether there is a password that they sign in with.
    pub fn has_password(&self) -> bool {
        self.password_hash.expose() != NO_PASSWORD
    }
}

/// What the instance is set up with.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// How the owner signs in.
    pub email: String,
    /// A PHC string of argon2.
    pub password_hash: Secret,
    /// Whether the balance stops the owner's requests.
    pub metered: bool,
    /// Zero or more.
    pub starting_balance: NanoUsd,
}

/// A person to be added.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// How they sign in.
    pub email: String,
    /// A PHC string of argon2, or [`NO_PASSWORD`].
    pub password_hash: Secret,
    /// What they may do.
    pub role: Role,
    /// Whether their balance stops their requests.
    pub metered: bool,
}

/// The instance was set up before; it happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupDone;

#[derive(FromRow)]
struct UserRow {
    id: i64,
    email: String,
    password_hash: String,
    role: String,
    account_id: i64,
    disabled: bool,
    created_at: i64,
    name: String,
    sign_in_version: i64,
    last_seen_at: Option<i64>,
}

const SELECT: &str =
    "select id, email, password_hash, role, account_id, disabled, created_at, name,
     sign_in_version, last_seen_at
 from app_user";

/// The users' door.
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) db: &'a Database,
    pub(crate) ledger: &'a Ledger,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Users<'_> {
    /// Whether nobody has set the instance up yet.
    pub async fn needs_setup(&self) -> Result<bool, StoreError> {
        let done: bool = query("select exists (select 1 from instance_setup)")
            .fetch_value(&self.db.readers)
            .await?;
        Ok(!done)
    }

    /// Sets the instance up: the owner, their account of the standard tier and its starting
    /// balance. Happens once, however many call at the same time.
    ///
    /// An error after the owner was made means that the starting balance is still to come: it is
    /// posted at the next start.
    pub async fn create_owner(
        &self,
        owner: NewOwner,
    ) -> Result<Result<UserRecord, SetupDone>, StoreError> {
        if owner.starting_balance.is_negative() {
            return Err(StoreError::Conflict("a starting balance below zero"));
        }
        let mut tx = self.db.write().await?;
        let done: bool =
            query("select exists (select 1 from instance_setup)").fetch_value(&mut tx).await?;
        if done {
            return Ok(Err(SetupDone));
        }
        let user_id = UserId::generate(tx.now, self.entropy);
        let account_id = AccountId::generate(tx.now, self.entropy);
        let person = NewUser {
            email: owner.email,
            password_hash: owner.password_hash,
            role: Role::Owner,
            metered: owner.metered,
        };
        insert_person(&mut tx, user_id, account_id, &person).await?;
        query(
            "insert into instance_setup (one, user_id, account_id, starting_balance, done_at)
             values (1, $1, $2, $3, $4)",
        )
        .bind(user_id.as_i64())
        .bind(account_id.as_i64())
        .bind(owner.starting_balance.nanos())
        .bind(tx.now.as_millis())
        .execute(&mut tx)
        .await?;
        tx.commit().await?;

        post_starting_balance(self.db, self.ledger).await?;
        let user = self.by_id(user_id).await?;
        user.map(Ok).ok_or_else(|| StoreError::corrupt("the owner is gone"))
    }

    /// Adds a person with an account of their own, of the standard tier, unless the same request
    /// did so before. An address that signs in already is a conflict.
    pub async fn create(
        &self,
        new: NewUser,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<UserRecord, Repeat>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(repeat));
        }
        let user_id = UserId::generate(tx.now, self.entropy);
        let account_id = AccountId::generate(tx.now, self.entropy);
        insert_person(&mut tx, user_id, account_id, &new).await?;
        idempotency::remember(&mut tx, idempotency, &[user_id.to_string()]).await?;
        tx.commit().await?;
        let user = self.by_id(user_id).await?;
        user.map(Ok).ok_or_else(|| StoreError::corrupt("a new person is gone"))
    }

    /// The person who signs in with `email`, in any case of letters.
    pub async fn by_email(&self, email: &str) -> Result<Option<UserRecord>, StoreError> {
        let row: Option<UserRow> = query(format!("{SELECT} where email = $1"))
            .bind(email.to_lowercase())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(UserRow::into_record).transpose()
    }

    /// One person.
    pub async fn by_id(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        let row: Option<UserRow> = query(format!("{SELECT} where id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(UserRow::into_record).transpose()
    }
}

/// A person and the account of their own.
pub(crate) async fn insert_person(
    tx: &mut WriteTx,
    user_id: UserId,
    account_id: AccountId,
    person: &NewUser,
) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    query(
        "insert into account (id, name, tier_id, metered, created_at)
         select $1, $2, id, $3, $4
         from tier
         order by id
         limit 1",
    )
    .bind(account_id.as_i64())
    .bind(&person.email)
    .bind(person.metered)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    query("insert into account_balance (account_id) values ($1)")
        .bind(account_id.as_i64())
        .execute(&mut *tx)
        .await?;
    query(
        "insert into app_user (id, email, password_hash, role, account_id, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(user_id.as_i64())
    .bind(person.email.to_lowercase())
    .bind(person.password_hash.expose())
    .bind(person.role.name())
    .bind(account_id.as_i64())
    .bind(now)
    .execute(&mut *tx)
    .await
    .map_err(|error| StoreError::conflict_on(error, "somebody who signs in with this address"))?;
    Ok(())
}

/// Posts the starting balance that the setting-up promised, unless it was posted: its cause is
/// unique, so this may run at every start.
pub(crate) async fn post_starting_balance(
    db: &Database,
    ledger: &Ledger,
) -> Result<(), StoreError> {
    let promised: Option<(i64, i64)> = query(
        "select account_id, starting_balance
         from instance_setup
         where starting_balance > 0
         and not exists (select 1 from ledger_entry where cause = $1)",
    )
    .bind(SETUP_CAUSE)
    .fetch_optional(&db.readers)
    .await?;
    let Some((account_id, amount)) = promised else {
        return Ok(());
    };
    let credit = Credit {
        account_id: AccountId::from_i64(account_id),
        amount: NanoUsd::from_nanos(amount),
        kind: EntryKind::Grant,
        reason: "starting balance".to_owned(),
        cause: SETUP_CAUSE.to_owned(),
    };
    ledger.credit(credit).await.map(drop)
}

impl UserRow {
    fn into_record(self) -> Result<UserRecord, StoreError> {
        Ok(UserRecord {
            id: UserId::from_i64(self.id),
            email: self.email,
            password_hash: Secret::new(self.password_hash),
            role: Role::from_name(&self.role)
                .ok_or_else(|| StoreError::corrupt("an unknown role"))?,
            account_id: AccountId::from_i64(self.account_id),
            disabled: self.disabled,
            created_at: UnixMillis::from_millis(self.created_at),
            name: self.name,
            sign_in_version: self.sign_in_version,
            last_seen_at: row::time(self.last_seen_at),
        })
    }
}

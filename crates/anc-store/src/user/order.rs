//! Who may change whom: a strict order, and an owner who stays.

use super::Role;

/// Who asks for a change of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changer {
    /// A person of that role.
    Person(Role),
    /// Whoever may read the data directory: above everybody, and below no rule about owners.
    CommandLine,
}

/// Why a person is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotChanged {
    /// There is no such person.
    Unknown,
    /// Nobody changes their own role or state.
    Oneself,
    /// The person's role is not below that of the one who asks.
    NotBelow,
    /// The role is not below that of the one who asks, and only owners give their own.
    NotTheirsToGive,
    /// Without the person nobody would be left who owns the instance.
    LastOwner,
}

impl Changer {
    /// Whether they may act on a person of that role: it must be below their own.
    pub fn may_act_on(self, target: Role) -> bool {
        match self {
            Self::Person(role) => role >= Role::Admin && role > target,
            Self::CommandLine => true,
        }
    }

    /// Whether they may give that role: one below their own, or, as an owner, any.
    pub fn may_give(self, role: Role) -> bool {
        match self {
            Self::Person(own) => own == Role::Owner || own >= Role::Admin && own > role,
            Self::CommandLine => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_acts_on_an_equal_or_gives_more_than_they_are() {
        let all = [Role::User, Role::Admin, Role::Owner];
        for (own, own_rank) in all.iter().zip(0..) {
            let changer = Changer::Person(*own);
            for (other, rank) in all.iter().zip(0..) {
                assert_eq!(changer.may_act_on(*other), own_rank > 0 && rank < own_rank);
                let gives = own_rank == 2 || own_rank == 1 && rank == 0;
                assert_eq!(changer.may_give(*other), gives, "{own:?} {other:?}");
                assert!(Changer::CommandLine.may_act_on(*other));
            }
        }
    }
}

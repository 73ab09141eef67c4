//! What mails with links say, in each language: subject and text.

use anc_domain::Secret;

use super::{Language, Mail};

fn mail(to: String, (subject, text): (&str, String)) -> Mail {
    Mail { to, subject: subject.to_owned(), text: Secret::new(text), id: None }
}

/// With the link that finishes a registration.
pub(crate) fn registration(language: Language, to: String, link: &Secret) -> Mail {
    let link = link.expose();
    let said = match language {
        Language::English => (
            "Your registration",
            format!(
                "Open this link to choose a password and finish your registration. It works once, \
                 for a day:\n\n{link}\n\nIf it was not you who asked for it, there is nothing to \
                 do.\n"
            ),
        ),
        Language::Chinese => (
            "完成注册",
            format!(
                "请打开下面的链接设置密码并完成注册。链接只能使用一次，一天内有效：\n\n{link}\n\n\
                 如果不是您本人的操作，请忽略此邮件。\n"
            ),
        ),
    };
    mail(to, said)
}

/// To somebody who has an account already and tried to register.
pub(crate) fn already_registered(language: Language, to: String, link: &str) -> Mail {
    let said = match language {
        Language::English => (
            "Your registration",
            format!(
                "Somebody, probably you, tried to register with this address. You have an account \
                 already. If you forgot its password, set a new one:\n\n{link}\n\nIf it was not \
                 you, there is nothing to do.\n"
            ),
        ),
        Language::Chinese => (
            "完成注册",
            format!(
                "有人（可能是您）尝试用此邮箱注册。此邮箱已有账户。如果忘记了密码，可以重新设置：\
                 \n\n{link}\n\n如果不是您本人的操作，请忽略此邮件。\n"
            ),
        ),
    };
    mail(to, said)
}

/// With the link that sets a new password.
pub(crate) fn reset(language: Language, to: String, link: &Secret) -> Mail {
    let link = link.expose();
    let said = match language {
        Language::English => (
            "Your new password",
            format!(
                "Open this link to set a new password. It works once, for a quarter of an hour, \
                 and ends your sessions everywhere:\n\n{link}\n\nIf it was not you who asked for \
                 it, there is nothing to do.\n"
            ),
        ),
        Language::Chinese => (
            "设置新密码",
            format!(
                "请打开下面的链接设置新密码。链接只能使用一次，15 分钟内有效；设置后您在所有设备上的\
                 会话都会结束：\n\n{link}\n\n如果不是您本人的操作，请忽略此邮件。\n"
            ),
        ),
    };
    mail(to, said)
}

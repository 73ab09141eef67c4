//! What is done about payments without being told.

use std::time::Duration;

use anc_store::{PaymentRecord, PaymentState};

use super::{Stripe, StripeFailure, hook, notice};
use crate::state::ApiState;

/// How often it is looked.
pub(crate) const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Orders that are asked about at one look; the rest waits for the next.
const ASKED_MAX: u32 = 50;

/// Posts what a process that died left to be posted, and asks Stripe about orders of which nothing
/// was heard: notices get lost where the relay cannot be reached from outside.
pub(crate) async fn look(state: &ApiState) {
    let Some(stripe) = &state.shared.stripe else { return };
    let payments = state.store().payments();
    if let Err(error) = payments.post(None).await {
        tracing::warn!(%error, "not every payment could be posted");
    }
    let due = match payments.to_ask(ASKED_MAX).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "could not find the payments to ask about");
            return;
        }
    };
    for order in &due {
        if let Err(error) = ask(state, stripe, order).await {
            tracing::warn!(order = %order.id, %error, "could not note how a payment stands");
            return;
        }
    }
    if let Err(error) = payments.forget_old().await {
        tracing::warn!(%error, "could not forget old payment notices");
    }
}

async fn ask(
    state: &ApiState,
    stripe: &Stripe,
    order: &PaymentRecord,
) -> Result<(), anc_store::StoreError> {
    let payments = state.store().payments();
    let Some(session) = &order.session_id else {
        return payments.not_begun(order.id, PaymentState::Expired).await;
    };
    // A key of the other mode knows nothing of it.
    if order.mode == stripe.settings().mode {
        match stripe.session(session).await {
            Ok(session) => {
                if let Some(notice) = notice::answered(session) {
                    hook::log("asked", &payments.take_in(notice).await?);
                }
            }
            Err(StripeFailure { operator, .. }) => {
                tracing::warn!(order = %order.id, why = operator, "Stripe could not be asked");
            }
        }
    }
    payments.asked(order.id).await
}

//! The clocks of a running stream.

use std::time::Duration;

use crate::Limits;

/// How often a running stream looks at its clocks.
const TICK: Duration = Duration::from_secs(2);

/// How long the provider has been silent, counted in ticks: one timer a stream, none a frame.
pub(crate) struct Silence {
    silent_before_content: Duration,
    silent_later: Duration,
    total: Duration,
    keepalive: Duration,
    timer: std::pin::Pin<Box<tokio::time::Sleep>>,
    ticks: u32,
    ticks_since_event: u32,
    ticks_since_keepalive: u32,
}

impl Silence {
    pub(crate) fn new(limits: &Limits) -> Self {
        let timer = Box::pin(tokio::time::sleep(TICK));
        Self {
            silent_before_content: limits.first_content,
            silent_later: limits.idle,
            total: limits.total,
            keepalive: limits.keepalive,
            timer,
            ticks: 0,
            ticks_since_event: 0,
            ticks_since_keepalive: 0,
        }
    }

    /// Waits for the next look at the clocks.
    pub(crate) async fn tick(&mut self) {
        self.timer.as_mut().await;
        let next = tokio::time::Instant::now() + TICK;
        self.timer.as_mut().reset(next);
        self.ticks += 1;
        self.ticks_since_event += 1;
        self.ticks_since_keepalive += 1;
    }

    /// The provider sent something, and whether that shows it at work: before the first content
    /// nothing but content does, or a provider that only sends heartbeats would never be given up.
    pub(crate) const fn broken(&mut self, at_work: bool) {
        if at_work {
            self.ticks_since_event = 0;
        }
        self.ticks_since_keepalive = 0;
    }

    /// Whether the stream has lasted, or its provider been silent, for longer than it may.
    pub(crate) fn too_long(&self, content_came: bool) -> bool {
        let silent_max = if content_came { self.silent_later } else { self.silent_before_content };
        TICK * self.ticks_since_event >= silent_max || TICK * self.ticks >= self.total
    }

    /// Whether the client is to get a sign of life now.
    pub(crate) fn wants_keepalive(&mut self) -> bool {
        let due = TICK * self.ticks_since_keepalive >= self.keepalive;
        if due {
            self.ticks_since_keepalive = 0;
        }
        due
    }
}

//! EventBridge's clock: functions that run every so often.

use std::time::SystemTime;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{
    ids,
    lambda::Lambda,
    log,
    template::{ACCOUNT_ID, REGION, STACK_NAME, Schedule},
};

/// Starts the function every period, first after one period, until `stop`.
pub(crate) fn serve(schedule: Schedule, lambda: Lambda, stop: CancellationToken) {
    tokio::spawn(async move {
        let mut ticks = interval_at(Instant::now() + schedule.every, schedule.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let started = event(&schedule).and_then(|event| {
                Ok(lambda.invoke_async(&schedule.function, event.to_string().into(), "Scheduled Event")?)
            });
            if let Err(error) = started {
                log::line("schedule", format_args!("{} does not start: {error:#}", schedule.name));
            }
        }
    });
}

/// A scheduled event (EventBridge user guide, "Events from EventBridge"), or the template's own input.
fn event(schedule: &Schedule) -> Result<Value> {
    if let Some(input) = &schedule.input {
        return Ok(input.clone());
    }
    Ok(json!({
        "version": "0",
        "id": ids::uuid()?,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": ids::utc(SystemTime::now(), "%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/{STACK_NAME}-{}", schedule.name)],
        "detail": {},
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_event_is_eventbridges_own_unless_the_template_gives_one() {
        let mut schedule = Schedule {
            name: "Sweep".to_owned(),
            every: Duration::from_secs(60),
            input: None,
            function: "f".to_owned(),
        };
        let own = event(&schedule).expect("event");
        assert_eq!((&own["source"], &own["detail-type"]), (&json!("aws.events"), &json!("Scheduled Event")));
        assert_eq!(own["resources"][0], "arn:aws:events:us-east-1:000000000000:rule/capstan-Sweep");
        schedule.input = Some(json!({"sweep": true}));
        assert_eq!(event(&schedule).expect("event"), json!({"sweep": true}));
    }
}

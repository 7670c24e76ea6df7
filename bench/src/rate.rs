//! `rate`: 100 people in 50 sessions, 50 messages a second in an open loop: times count from the moment at which a message
//! was due, not from when the generator came to send it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::Command;

use crate::client::{Client, client_message_id, message};
use crate::figures::{Row, spread};
use crate::people;
use crate::server::{Db, Server};
use crate::{Options, Result, proc};

const ROOMS: u32 = 50;
const PER_SECOND: u64 = 50;
/// Before the first round.
const WARM_UP_S: u64 = 2;
/// After the last message, for what is still under way.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one person saw: which message after which time.
#[derive(Debug, Default)]
struct Seen {
    receipts: Vec<(u64, Duration)>,
    deliveries: Vec<(u64, Duration)>,
}

/// When each message is due.
#[derive(Clone, Copy, Debug)]
struct Plan {
    begin: Instant,
}

impl Plan {
    fn due(self, message: u64) -> Instant {
        self.begin + Duration::from_micros(message * 1_000_000 / PER_SECOND)
    }
}

pub(crate) async fn measure(options: &Options, db: Db) -> Result<Vec<Row>> {
    let server = Server::running(db).await?;
    let rooms = people::rooms(&server, ROOMS).await?;
    let mut clients = Vec::new();
    for room in &rooms {
        for person in &room.people {
            let mut client = Client::connect(server.port, person, "0,0").await?;
            let topic = format!("/topic/chat/{}", room.id);
            client.subscribe(&["/user/queue/errors", &topic]).await?;
            clients.push((room.id, client));
        }
    }
    let plan = Plan {
        begin: Instant::now() + Duration::from_millis(100),
    };
    let (warm_up, per_round) = (WARM_UP_S * PER_SECOND, options.seconds * PER_SECOND);
    let total = warm_up + per_round * u64::from(options.rounds);
    let mut people = JoinSet::new();
    let mut orders = Vec::new();
    for (room, client) in clients {
        let (order, taken) = mpsc::channel(64);
        people.spawn(take_part(client, room, plan, taken));
        orders.push(order);
    }
    let mut cpu = Vec::new();
    for number in 0..total {
        tokio::time::sleep_until(plan.due(number)).await;
        if number >= warm_up && (number - warm_up).is_multiple_of(per_round) {
            cpu.push(proc::cpu(server.pid()?)?);
        }
        // A step that is prime to the number of people: neighbours in time are not neighbours in a room.
        orders[(number * 37 % orders.len() as u64) as usize]
            .send(number)
            .await?;
    }
    tokio::time::sleep(PATIENCE).await;
    cpu.push(proc::cpu(server.pid()?)?);
    drop(orders);
    let mut seen = Seen::default();
    while let Some(one) = people.join_next().await {
        let one = one??;
        seen.receipts.extend(one.receipts);
        seen.deliveries.extend(one.deliveries);
    }
    let rounds = (0..u64::from(options.rounds)).map(|round| {
        let first = warm_up + round * per_round;
        first..first + per_round
    });
    let test = format!("rate, {}, {PER_SECOND} msg/s", db.name());
    let mut rows = Vec::new();
    for (figures, times, each) in [(RECEIPT, &seen.receipts, 1), (DELIVERY, &seen.deliveries, 2)] {
        let mut three = figures.map(|figure| {
            let goal = if figure.ends_with("p99") { "≤ 10" } else { "" };
            Row::new(&test, figure, "ms", goal)
        });
        for round in rounds.clone() {
            let within = times.iter().filter(|(number, _)| round.contains(number));
            let times: Vec<Duration> = within.map(|(_, time)| *time).collect();
            if times.len() as u64 != per_round * each {
                return Err(format!("{} of {} came", times.len(), per_round * each).into());
            }
            let values = spread(&times).ok_or("nothing came")?;
            for (row, value) in three.iter_mut().zip(values) {
                row.values.push(value);
            }
        }
        rows.extend(three);
    }
    let per_message = cpu
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e6 / per_round as f64);
    let mut row = Row::new(&test, "server CPU per message", "µs", "");
    row.values.extend(per_message);
    rows.push(row);
    Ok(rows)
}

const RECEIPT: [&str; 3] = ["send → RECEIPT p50", "send → RECEIPT p99", "send → RECEIPT max"];
const DELIVERY: [&str; 3] = ["send → delivery p50", "send → delivery p99", "send → delivery max"];

async fn take_part(mut client: Client, room: i64, plan: Plan, mut orders: mpsc::Receiver<u64>) -> Result<Seen> {
    let mut seen = Seen::default();
    loop {
        // Both only wait: what is dropped has taken nothing.
        tokio::select! {
            order = orders.recv() => match order {
                Some(number) => {
                    let number = number.to_string();
                    client.send(&message(room, &number).header("receipt", &number)).await?;
                }
                None => return Ok(seen),
            },
            frame = client.next() => {
                let frame = frame?;
                let list = match frame.command {
                    Command::Receipt => &mut seen.receipts,
                    Command::Message => &mut seen.deliveries,
                    other => return Err(format!("{} in the middle", other.as_str()).into()),
                };
                let id = frame.get("receipt-id").or_else(|| client_message_id(&frame));
                if let Some(number) = id.and_then(|id| id.parse().ok()) {
                    list.push((number, plan.due(number).elapsed()));
                }
            }
        }
    }
}

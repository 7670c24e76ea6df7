//! `fan`: one room, one who writes 100 messages a second in an open loop, and many who hear all of it. Stored.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::Command;

use crate::client::{Client, client_message_id, message};
use crate::figures::{Row, spread};
use crate::people;
use crate::server::{Db, Server};
use crate::{Options, Result, proc};

const PER_SECOND: u64 = 100;
/// Before the first round.
const WARM_UP_S: u64 = 2;
/// After the last message, for what is still under way.
const PATIENCE: Duration = Duration::from_secs(3);
/// Connections opened at the same time.
const AT_ONCE: usize = 32;

pub(crate) async fn measure(options: &Options, readers: u32) -> Result<Vec<Row>> {
    let server = Server::running(Db::Sqlite).await?;
    let people = people::make(&server, "MEMBER", readers + 1).await?;
    let room = people::plain_room(&server, &people).await?;
    let (writer, listeners) = people.split_first().ok_or("nobody writes")?;
    let topic = format!("/topic/chat/{room}");
    let clients: Vec<Client> = stream::iter(listeners)
        .map(|person| {
            let topic = &topic;
            async move {
                let mut client = Client::connect(server.port, person, "0,0").await?;
                client.subscribe(&[topic]).await?;
                Result::Ok(client)
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut writer = Client::connect(server.port, writer, "0,0").await?;
    let begin = Instant::now() + Duration::from_millis(100);
    let due = move |number: u64| begin + Duration::from_micros(number * 1_000_000 / PER_SECOND);
    let over = CancellationToken::new();
    let mut hearing = JoinSet::new();
    for client in clients {
        hearing.spawn(hear(client, due, over.clone()));
    }
    let (warm_up, per_round) = (WARM_UP_S * PER_SECOND, options.seconds * PER_SECOND);
    let total = warm_up + per_round * u64::from(options.rounds);
    let mut cpu = Vec::new();
    for number in 0..total {
        tokio::time::sleep_until(due(number)).await;
        if number >= warm_up && (number - warm_up).is_multiple_of(per_round) {
            cpu.push(proc::cpu(server.pid()?)?);
        }
        writer.send(&message(room, &number.to_string())).await?;
    }
    tokio::time::sleep(PATIENCE).await;
    cpu.push(proc::cpu(server.pid()?)?);
    over.cancel();
    let mut heard = Vec::new();
    while let Some(one) = hearing.join_next().await {
        let one = one??;
        if one.len() as u64 != total {
            return Err(format!("a reader heard {} of {total}", one.len()).into());
        }
        heard.extend(one);
    }
    let test = format!("fan-out 1 → {readers}, {PER_SECOND} msg/s, stored");
    let deliveries = (per_round * u64::from(readers)) as f64;
    let mut each = Row::new(&test, "server CPU per delivery", "µs", "≤ 2.5");
    each.values.extend(
        cpu.windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e6 / deliveries),
    );
    let mut times = ["due → delivery p50", "due → delivery p99", "due → delivery max"]
        .map(|figure| Row::new(&test, figure, "ms", ""));
    for round in 0..u64::from(options.rounds) {
        let first = warm_up + round * per_round;
        let within = heard
            .iter()
            .filter(|(number, _)| (first..first + per_round).contains(number));
        let within: Vec<Duration> = within.map(|(_, time)| *time).collect();
        let values = spread(&within).ok_or("nothing came")?;
        for (row, value) in times.iter_mut().zip(values) {
            row.values.push(value);
        }
    }
    Ok([each].into_iter().chain(times).collect())
}

/// All that came, with the time it took from when it was due.
async fn hear(
    mut client: Client,
    due: impl Fn(u64) -> Instant,
    over: CancellationToken,
) -> Result<Vec<(u64, Duration)>> {
    let mut heard = Vec::new();
    loop {
        let Some(frame) = over.run_until_cancelled(client.next()).await else {
            return Ok(heard);
        };
        let frame = frame?;
        if frame.command != Command::Message {
            return Err(format!("{} in the middle", frame.command.as_str()).into());
        }
        if let Some(number) = client_message_id(&frame).and_then(|id| id.parse().ok()) {
            heard.push((number, due(number).elapsed()));
        }
    }
}

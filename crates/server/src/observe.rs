//! What the program tells of itself: log lines and metrics.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Upper bounds of `…_seconds`: from a cached answer to a request that waited for everything.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Upper bounds of `…_size`: how many were done in one step.
const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// How often recorded histogram samples are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why logs or metrics cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    #[error("log.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("the metrics: {0}")]
    Metrics(#[from] BuildError),
}

/// Sends the log to standard error, by the levels and in the form of the settings. Panics become log lines.
///
/// # Errors
/// A filter that cannot be read.
pub fn start_log(log: &Log) -> Result<(), ObserveError> {
    let filter = EnvFilter::builder().parse(&log.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = panic.payload_as_str().unwrap_or_default();
        tracing::error!(place, said, "panic");
    }));
    Ok(())
}

/// Where metrics gather until `/metrics` asks for them. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Becomes the process's recorder of metrics.
    ///
    /// # Errors
    /// Another recorder is installed.
    pub fn install() -> Result<Self, ObserveError> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES)?
            .install_recorder()?;
        describe();
        Ok(Self(handle))
    }

    /// Everything, in the text format of Prometheus.
    pub fn render(&self) -> String {
        record_process();
        self.0.render()
    }

    /// Folds samples together until `stop`, so that memory stays bounded between two scrapes.
    pub async fn run(&self, stop: CancellationToken) {
        let mut every = tokio::time::interval(UPKEEP);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            self.0.run_upkeep();
        }
    }
}

/// The frame's own metrics; each feature describes its own.
fn describe() {
    describe_counter!("http_requests_total", "Answers, by method, route and status");
    describe_histogram!("http_request_seconds", "From a request's head to its answer's head");
    describe_gauge!("http_connections", "Open sockets of all kinds");
    describe_counter!("http_connections_refused_total", "Sockets over limits.http_connections");
    describe_gauge!("process_resident_memory_bytes", "Memory that is in RAM");
    describe_gauge!("process_open_fds", "Open file descriptors");
}

fn record_process() {
    if let Some(bytes) = resident_bytes() {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kb: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb * 1024.0)
}

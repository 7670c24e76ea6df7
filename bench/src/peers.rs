//! How the peers are started, and what they need on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use ground::process;

use crate::Result;
use crate::kind::Peer;
use crate::server::SECRET;

/// What `bench/setup` has built.
const JAR: &str = "bench/peers/spring/target/chat.jar";
/// Of Debian's package rabbitmq-server, past the script that changes to its own user.
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// What a peer lacks here, and how to get it. None: nothing.
pub(crate) fn missing(peer: Peer) -> Option<&'static str> {
    match peer {
        Peer::Spring if !jar().is_file() => Some("it is not built: bench/setup builds it, with Java 17 and Maven"),
        Peer::Spring if !is_found("java") => Some("no java (Debian: apt-get install openjdk-17-jdk-headless maven)"),
        Peer::Rabbitmq if !Path::new(RABBITMQ).is_file() => {
            Some("it is not installed (Debian: apt-get install rabbitmq-server; bench/setup install does it)")
        }
        Peer::Spring | Peer::Rabbitmq => None,
    }
}

fn jar() -> PathBuf {
    process::workspace().join(JAR)
}

fn is_found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// With the JVM's and Spring Boot's defaults.
pub(crate) fn spring(port: u16, database_url: &str) -> Result<Command> {
    let (_, place) = database_url.split_once('@').ok_or("a URL without a user")?;
    let mut java = Command::new("java");
    java.arg("-jar")
        .arg(jar())
        .env("SERVER_PORT", port.to_string())
        .env("CHAT_SECRET", SECRET)
        .env("SPRING_DATASOURCE_URL", format!("jdbc:postgresql://{place}"))
        .env("SPRING_DATASOURCE_USERNAME", "postgres");
    Ok(java)
}

/// A node of its own: its data, its names and its ports are in this folder and on 127.0.0.1.
pub(crate) fn rabbitmq(port: u16, folder: &Path) -> Result<Command> {
    let config = folder.join("rabbitmq.conf");
    let stomp = process::free_port();
    let lines = [
        "listeners.tcp = none".to_owned(),
        format!("stomp.listeners.tcp.1 = 127.0.0.1:{stomp}"),
        "web_stomp.tcp.ip = 127.0.0.1".to_owned(),
        format!("web_stomp.tcp.port = {port}"),
        // Who hears without speaking is closed after a minute otherwise.
        "web_stomp.ws_opts.idle_timeout = 7200000".to_owned(),
    ];
    std::fs::write(&config, lines.join("\n") + "\n")?;
    let plugins = folder.join("enabled_plugins");
    std::fs::write(&plugins, "[rabbitmq_web_stomp].\n")?;
    let mut node = Command::new(RABBITMQ);
    node.env("HOME", folder)
        .env("ERL_EPMD_PORT", names(folder)?)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_CONFIG_FILE", config)
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins)
        .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
        .env("RABBITMQ_LOG_BASE", folder.join("logs"))
        .env("RABBITMQ_LOGS", "-")
        .env("RABBITMQ_NODENAME", "bench@localhost")
        .env("RABBITMQ_DIST_PORT", process::free_port().to_string())
        // The script becomes the node then, and the process is the one that is read.
        .env("RABBITMQ_ALLOW_INPUT", "1")
        .env(
            "RABBITMQ_SERVER_START_ARGS",
            "-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        );
    Ok(node)
}

/// Erlang's register of names, for this node only.
pub(crate) fn epmd(folder: &Path) -> Result<Command> {
    let port = process::free_port().to_string();
    std::fs::write(folder.join("epmd"), &port)?;
    let mut epmd = Command::new("epmd");
    epmd.args(["-address", "127.0.0.1", "-port", &port]);
    Ok(epmd)
}

/// The port of [`epmd`].
fn names(folder: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(folder.join("epmd"))?)
}

//! An SMTP server of a test: Debian's python3-aiosmtpd, which parses what comes as mail programs do.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::{Maru, process, until};

/// What a server with mail must be told.
pub fn mail_settings(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("MAIL__URL", format!("smtp://127.0.0.1:{port}")),
        ("MAIL__FROM", "Maru <support@shop.example>".to_owned()),
        ("MAIL__RETRY_FIRST_S", "1".to_owned()),
        ("MAIL__RETRY_MAX_S", "1".to_owned()),
        ("MAIL__TIMEOUT_S", "1".to_owned()),
        ("SERVER__PUBLIC_URL", "https://chat.shop.example".to_owned()),
    ]
}

/// A running SMTP server. Ends when dropped.
#[derive(Debug)]
pub struct Smtp {
    pub port: u16,
    folder: PathBuf,
    child: Child,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Smtp {
    /// A server on a new port.
    pub async fn start() -> Smtp {
        Smtp::on(process::free_port()).await
    }

    /// A server on this port.
    pub async fn on(port: u16) -> Smtp {
        let folder = process::folder("smtp");
        let mut child = Command::new("/usr/bin/python3")
            .arg(process::workspace().join("tests/clients/smtp/server.py"))
            .args([port.to_string(), folder.display().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's python3 is installed");
        process::ends_with_us(child.id());
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap();
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        let smtp = Smtp {
            port,
            folder,
            child,
            said,
        };
        smtp.said("ready", 1).await;
        smtp
    }

    /// Takes no mail for now, or (false) takes it again.
    pub fn refuse(&self, on: bool) {
        self.flag("refuse", on);
    }

    /// Answers nothing to a mail, or (false) answers again.
    pub fn hang(&self, on: bool) {
        self.flag("hang", on);
    }

    fn flag(&self, name: &str, on: bool) {
        let file = self.folder.join(name);
        if on {
            std::fs::write(file, "").unwrap();
        } else {
            std::fs::remove_file(file).unwrap();
        }
    }

    fn events(&self, name: &str) -> Vec<Value> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().filter(|event| event["event"] == name).cloned().collect()
    }

    /// The events of this name, once there are at least `count`.
    pub async fn said(&self, name: &str, count: usize) -> Vec<Value> {
        until(&format!("{count} {name} of SMTP"), || async {
            Some(self.events(name)).filter(|events| events.len() >= count)
        })
        .await
    }

    /// The mails, once there are at least `count`.
    pub async fn mails(&self, count: usize) -> Vec<Value> {
        self.said("mail", count).await
    }

    /// All mails there will be, once none waits at the server any more.
    pub async fn all_mails(&self, maru: &Maru) -> Vec<Value> {
        let storage = maru.storage().await;
        until("all mails to be gone", || async {
            storage.rows("SELECT id FROM mail").await.is_empty().then_some(())
        })
        .await;
        self.events("mail")
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        process::has_ended(self.child.id());
    }
}

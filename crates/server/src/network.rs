//! Who is at the other end of a connection: its address, and the web origin it speaks for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::config;

/// What the settings say of proxies and origins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Network(Arc<Known>);

#[derive(Debug)]
struct Known {
    trusted: Vec<AddressRange>,
    allowed: Vec<String>,
}

/// The socket's other end, as the accept loop put it into the request (`ConnectInfo<SocketAddr>`).
pub fn peer_of(parts: &Parts) -> SocketAddr {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |info| info.0)
}

impl Network {
    /// Resolves `server.trusted_proxies` and `server.allowed_origins`.
    pub fn new(server: &config::Server) -> Self {
        Self(Arc::new(Known {
            trusted: server.trusted_proxies.clone(),
            allowed: server.allowed_origins.iter().map(|o| normal(o)).collect(),
        }))
    }

    /// The address of the client: the socket's, or, if that is a trusted proxy, the last one in `Forwarded` or
    /// `X-Forwarded-For` that is not. If both are there and disagree, somebody passes on what it did not write,
    /// and neither is believed.
    pub fn client_address(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let socket = peer.ip().to_canonical();
        if !self.trusts(socket) {
            return socket;
        }
        let forwarded = self.behind(socket, &forwarded(headers, "for"));
        let x_forwarded = self.behind(socket, &listed(headers, "x-forwarded-for"));
        match (forwarded, x_forwarded) {
            (Some(a), Some(b)) if a != b => socket,
            (Some(address), _) | (None, Some(address)) => address,
            (None, None) => socket,
        }
    }

    /// Whether the client speaks HTTPS: only a trusted proxy can tell.
    pub fn is_https(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        if !self.trusts(peer.ip().to_canonical()) {
            return false;
        }
        let forwarded = forwarded(headers, "proto");
        let x_forwarded = listed(headers, "x-forwarded-proto");
        let last = [forwarded.last(), x_forwarded.last()];
        let mut said = last.into_iter().flatten().peekable();
        said.peek().is_some() && said.all(|proto| proto.eq_ignore_ascii_case("https"))
    }

    /// Scheme, host and port under which the client reached this server; `None` without a `Host`.
    pub fn own_origin(&self, peer: SocketAddr, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let scheme = if self.is_https(peer, headers) { "https" } else { "http" };
        Some(normal(&format!("{scheme}://{host}")))
    }

    /// Whether the request's `Origin` is the server's own or an allowed one. Without `Origin` it passes.
    pub fn origin_allowed(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => origin.to_str().is_ok_and(|origin| self.allows(peer, headers, origin)),
            (Some(_), Some(_)) => false,
        }
    }

    fn allows(&self, peer: SocketAddr, headers: &HeaderMap, origin: &str) -> bool {
        let origin = normal(origin);
        self.0.allowed.iter().any(|a| *a == origin || a == "*")
            || self.own_origin(peer, headers).is_some_and(|own| own == origin)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.trusted.iter().any(|range| range.contains(address))
    }

    /// Walks `hops` from the nearest; the first that is not trusted is the client. What is no address (a client may
    /// have written it) ends the walk at the hop before. `None` if nothing was said.
    fn behind(&self, socket: IpAddr, hops: &[String]) -> Option<IpAddr> {
        let mut address = None;
        for hop in hops.iter().rev() {
            let Some(next) = address_of(hop) else {
                return Some(address.unwrap_or(socket));
            };
            address = Some(next);
            if !self.trusts(next) {
                break;
            }
        }
        address
    }
}

/// An origin in lower case, without the scheme's own port and without a slash at the end.
fn normal(origin: &str) -> String {
    let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
    let default_port = if origin.starts_with("https://") { ":443" } else { ":80" };
    origin
        .strip_suffix(default_port)
        .map_or_else(|| origin.clone(), str::to_owned)
}

/// Whether a setting is `*` or `scheme://host[:port]`.
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.trim_end_matches('/').split_once("://") else {
        return text == "*";
    };
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && !host.is_empty()
        && host
            .parse::<axum::http::uri::Authority>()
            .is_ok_and(|a| !a.as_str().contains('@'))
}

/// The values of a list header, over all its lines, in order.
fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .map(|item| item.trim().to_owned())
        .collect()
}

/// The values of one parameter of `Forwarded` (RFC 7239), an empty one for an element without it.
fn forwarded(headers: &HeaderMap, parameter: &str) -> Vec<String> {
    let elements = listed(headers, "forwarded");
    let value = |element: &String| {
        element
            .split(';')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(parameter))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
            .unwrap_or_default()
    };
    elements.iter().map(value).collect()
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bare
        .unwrap_or(hop)
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

/// An address, or a network in CIDR form (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct AddressRange {
    network: IpAddr,
    prefix: u32,
}

impl AddressRange {
    /// Whether the address lies in this network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = u32::from(network) ^ u32::from(address);
                differ.checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = u128::from(network) ^ u128::from(address);
                differ.checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let network: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(wrong());
        }
        Ok(Self { network, prefix })
    }
}

impl TryFrom<String> for AddressRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;
    use crate::config::Config;

    const PROXY: &str = "10.0.0.1:4000";

    fn network(settings: &[(&str, &str)]) -> Network {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Network::new(&Config::from_environment(None, settings).unwrap().server)
    }

    fn behind_proxies() -> Network {
        network(&[("MARU_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,2001:db8:f::/48")])
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    fn client(network: &Network, peer: &str, lines: &[(&str, &str)]) -> String {
        network
            .client_address(peer.parse().unwrap(), &headers(lines))
            .to_string()
    }

    #[test]
    fn without_a_trusted_proxy_only_the_socket_counts() {
        let lines = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client(&network(&[]), PROXY, &lines), "10.0.0.1");
        assert_eq!(client(&behind_proxies(), "192.0.2.9:1", &lines), "192.0.2.9");
        assert_eq!(client(&behind_proxies(), "[::ffff:192.0.2.9]:1", &lines), "192.0.2.9");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        let network = behind_proxies();
        let cases: [(&[(&str, &str)], &str); 13] = [
            (&[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
            (
                &[("x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.2.3.4")],
                "198.51.100.7",
            ),
            (
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")],
                "198.51.100.7",
            ),
            (&[("x-forwarded-for", "10.9.9.9, 10.2.3.4")], "10.9.9.9"),
            (&[("x-forwarded-for", "198.51.100.7:5000")], "198.51.100.7"),
            (&[("x-forwarded-for", "2001:db8::7")], "2001:db8::7"),
            (&[("x-forwarded-for", "198.51.100.7, nonsense")], "10.0.0.1"),
            (&[("x-forwarded-for", "")], "10.0.0.1"),
            (
                &[("forwarded", "for=198.51.100.7;proto=https, For=\"[2001:db8:f::1]:80\"")],
                "198.51.100.7",
            ),
            (&[("forwarded", "for=\"[2001:db8::7]:1234\"")], "2001:db8::7"),
            (&[("forwarded", "for=unknown")], "10.0.0.1"),
            (
                &[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.7")],
                "10.0.0.1",
            ),
            (
                &[("forwarded", "for=198.51.100.7"), ("x-forwarded-for", "198.51.100.7")],
                "198.51.100.7",
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(client(&network, PROXY, lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn https_is_believed_of_a_trusted_proxy_only() {
        let network = behind_proxies();
        let https = |peer: &str, lines: &[(&str, &str)]| network.is_https(peer.parse().unwrap(), &headers(lines));
        assert!(https(PROXY, &[("x-forwarded-proto", "https")]));
        assert!(https(PROXY, &[("forwarded", "for=1.1.1.1;proto=HTTPS")]));
        assert!(!https(PROXY, &[("x-forwarded-proto", "https, http")]));
        assert!(!https(
            PROXY,
            &[("x-forwarded-proto", "http"), ("forwarded", "proto=https")]
        ));
        assert!(!https(PROXY, &[]));
        assert!(!https("192.0.2.9:1", &[("x-forwarded-proto", "https")]));
    }

    #[test]
    fn an_origin_is_the_servers_own_or_an_allowed_one() {
        let network = network(&[
            (
                "MARU_SERVER__ALLOWED_ORIGINS",
                "https://shop.example,https://b.example:8443/",
            ),
            ("MARU_SERVER__TRUSTED_PROXIES", "10.0.0.1"),
        ]);
        let allowed = |lines: &[(&str, &str)]| {
            let mut lines = lines.to_vec();
            lines.push(("host", "Chat.Example"));
            network.origin_allowed(PROXY.parse().unwrap(), &headers(&lines))
        };
        assert!(allowed(&[]));
        for origin in [
            "http://chat.example",
            "http://chat.example:80",
            "https://SHOP.example",
            "https://b.example:8443",
        ] {
            assert!(allowed(&[("origin", origin)]), "{origin}");
        }
        for origin in [
            "https://chat.example",
            "http://chat.example:8080",
            "http://shop.example",
            "https://b.example",
            "https://shop.example.evil.example",
            "null",
            "",
            "http://evil.example",
            "*",
        ] {
            assert!(!allowed(&[("origin", origin)]), "{origin}");
        }
        assert!(allowed(&[
            ("origin", "https://chat.example"),
            ("x-forwarded-proto", "https")
        ]));
        assert!(!allowed(&[
            ("origin", "https://shop.example"),
            ("origin", "https://evil.example")
        ]));
    }

    #[test]
    fn a_star_allows_every_origin() {
        let network = network(&[("MARU_SERVER__ALLOWED_ORIGINS", "*")]);
        let any = headers(&[("origin", "https://evil.example")]);
        assert!(network.origin_allowed(PROXY.parse().unwrap(), &any));
    }

    #[test]
    fn settings_that_are_no_address_or_origin_are_named() {
        for (name, bad) in [
            ("MARU_SERVER__TRUSTED_PROXIES", "10.0.0.0/33"),
            ("MARU_SERVER__TRUSTED_PROXIES", "proxy.example"),
            ("MARU_SERVER__ALLOWED_ORIGINS", "shop.example"),
            ("MARU_SERVER__ALLOWED_ORIGINS", "https://shop.example/path"),
            ("MARU_SERVER__ALLOWED_ORIGINS", "ftp://shop.example"),
        ] {
            let vars = [(name.to_owned(), bad.to_owned())].into_iter();
            let error = Config::from_environment(None, vars).unwrap_err().to_string();
            let key = name.rsplit("__").next().unwrap().to_lowercase();
            assert!(error.contains(&key), "{error}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let inside = |range: &str, address: &str| {
            range
                .parse::<AddressRange>()
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(inside("10.0.0.0/8", "10.255.1.2") && !inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("0.0.0.0/0", "192.0.2.1") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("192.0.2.1", "192.0.2.1") && !inside("192.0.2.1", "192.0.2.2"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1") && inside("::/0", "2001:db8::1"));
    }
}

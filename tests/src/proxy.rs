//! A way to a server on which only so many bytes come back.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// A port that leads to a server.
pub struct Proxy {
    /// Host and port.
    pub address: String,
    passed: Arc<AtomicU64>,
    stalled: Arc<Notify>,
}

impl Proxy {
    /// Leads to `target` until the answers have had this many bytes. From then on nothing comes back, on any connection.
    pub async fn new(target: &str, most: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (passed, stalled) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let (target, counted, told) = (target.to_owned(), Arc::clone(&passed), Arc::clone(&stalled));
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let Ok(there) = TcpStream::connect(&target).await else { continue };
                let ((mut from_here, to_here), (from_there, mut to_there)) = (here.into_split(), there.into_split());
                tokio::spawn(async move {
                    let _ = copy(&mut from_here, &mut to_there).await;
                    let _ = to_there.shutdown().await;
                });
                tokio::spawn(answer(from_there, to_here, most, Arc::clone(&counted), Arc::clone(&told)));
            }
        });
        Self { address, passed, stalled }
    }

    /// Bytes of the answers so far.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }

    /// Waits until nothing comes back any more.
    pub async fn stalled(&self) {
        self.stalled.notified().await;
    }
}

async fn answer(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    most: u64,
    passed: Arc<AtomicU64>,
    stalled: Arc<Notify>,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if passed.fetch_add(count as u64, Ordering::SeqCst) + count as u64 > most {
            stalled.notify_one();
            // Held open, so that whoever waits for the answer goes on waiting.
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

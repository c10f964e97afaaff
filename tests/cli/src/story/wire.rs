//! A wire that is listened to: what phones say to a server passes through and is kept, byte for byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::Failure;

/// The wire, on a free loopback port.
pub(super) struct Wire {
    pub(super) url: String,
    said: Arc<Mutex<Vec<u8>>>,
    listens: JoinHandle<()>,
}

impl Wire {
    /// Leads to a server.
    pub(super) fn to(runtime: &Runtime, server: SocketAddr) -> Result<Self, Failure> {
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let listens = runtime.spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let ((from_phone, to_phone), (from_server, to_server)) =
                    (phone.into_split(), server.into_split());
                tokio::spawn(pass(from_phone, to_server, Some(Arc::clone(&kept))));
                tokio::spawn(pass(from_server, to_phone, None));
            }
        });
        Ok(Self { url, said, listens })
    }

    /// What was said since the last time.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, kept: Option<Arc<Mutex<Vec<u8>>>>) {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let bytes = match from.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => piece.get(..length).unwrap_or_default(),
        };
        // Before it is passed on: who was answered was heard.
        if let Some(kept) = &kept {
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        if to.write_all(bytes).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

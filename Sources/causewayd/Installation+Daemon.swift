import CausewayCore
import CausewayDaemon
import CausewayEngine
import CausewayMessages
import CausewayServer
import CausewayStore
import CausewayTransport
import CausewayWire
import Glibc

extension Installation {
    /// What this process knows of itself.
    init(store: LMDBStore, supervisor: Supervisor, serving: ServingFlag, context: DaemonContext) {
        self.init(
            version: .ofThisProcess, isServing: { serving.isSet }, storeFigures: { try store.figures() },
            backUp: { path in Self.backUp(store, to: path, context) },
            rotateMasterKey: { try await supervisor.rotateMasterKey() })
    }

    /// The copy blocks its thread, so it has one of the work threads; it cannot be cancelled, only not be watched.
    private static func backUp(
        _ store: LMDBStore, to path: String, _ context: DaemonContext
    ) -> AsyncThrowingStream<BackUpProgress, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: BackUpProgress.self, bufferingPolicy: .bufferingNewest(4))
        // Ends by itself when the copy is done; the daemon's stop waits for it through the store's close.
        _ = context.spawner(on: .work) {
            func tell(_ phase: BackUpProgress.Phase, _ progress: BackupProgress?) {
                continuation.yield(
                    BackUpProgress.with {
                        $0.phase = phase
                        $0.copiedBytes = Int64(clamping: progress?.copied ?? 0)
                        $0.totalBytes = Int64(clamping: progress?.expected ?? 0)
                    })
            }
            do {
                var last: BackupProgress?
                try store.backUp(
                    to: path,
                    check: { folder throws(CausewayError) in
                        tell(.verifying, last)
                        try VerifierProcess.run(executablePath, ["verify-store", folder])
                    },
                    progress: { progress in
                        last = progress
                        tell(.copying, progress)
                    })
                tell(.done, last)
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        return stream
    }

    private static var executablePath: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return CommandLine.arguments.first ?? "causewayd" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Version {
    fileprivate static var ofThisProcess: Version {
        Version.with {
            $0.version = DaemonVersion.text
            $0.protocolVersion = RPCServer.protocolVersion
            $0.storeFormat = StoreFormat.now.number
            $0.libraries = [
                "libssh2": LibraryVersions.libssh2, "libcurl": LibraryVersions.libcurl,
                "lmdb": StoreLibraries.lmdb, "zstd": StoreLibraries.zstd, "protobuf-c": MessageLibrary.version,
            ]
            $0.limitations = LibraryVersions.limitations
        }
    }
}

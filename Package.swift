// swift-tools-version: 6.2
import PackageDescription

// Layers point down only. `tools/test` builds with --explicit-target-dependency-import-check error, so that what is
// declared here is all that the compiler allows; `tools/check` also finds what is declared and not used.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "causeway",
    products: [
        .executable(name: "causewayd", targets: ["causewayd"]),
        .executable(name: "causeway", targets: ["causeway"]),
    ],
    dependencies: [
        // Levels and metadata of the daemon's log, the ecosystem's common front.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // AEAD and key derivation of the vault, SHA-256 of host keys.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Event loops and channels of the Unix socket, on both ends.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Flags, help and shell completions of both executables.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // System libraries.
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // The Linux calls that the Glibc module leaves out (eventfd, peer credentials, …).
        .target(name: "CLinux"),
        // Masks over 64 bytes at a time, with vector instructions.
        .target(name: "CScan"),

        // Values.
        .target(name: "CCausewayProto", dependencies: ["CProtobufC"]),
        .target(
            name: "CausewayMessages",
            dependencies: ["CCausewayProto", "CProtobufC"],
            swiftSettings: settings),
        .target(name: "CausewayCore", swiftSettings: settings),

        // State.
        .target(
            name: "CausewayStore",
            dependencies: ["CausewayCore", "CausewayMessages", "CLMDB", "CZstd", "CLinux"],
            swiftSettings: settings),
        .target(
            name: "CausewayVault",
            dependencies: ["CausewayCore", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings),

        // The outside.
        .target(
            name: "CausewayTransport",
            dependencies: ["CausewayCore", "CSSH2", "CCurl", "CLinux"],
            swiftSettings: settings),
        .target(
            name: "CausewayConnectorKit",
            dependencies: ["CausewayCore"],
            swiftSettings: settings),
        .target(
            name: "CausewayConnectors",
            dependencies: ["CausewayCore", "CausewayConnectorKit", "CausewayTransport"],
            swiftSettings: settings),

        // The work.
        .target(
            name: "CausewayIngest",
            dependencies: ["CausewayCore", "CausewayStore", "CausewayMessages", "CScan", "CZlib", "CZstd"],
            swiftSettings: settings),
        .target(
            name: "CausewayEngine",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayStore", "CausewayVault", "CausewayIngest",
                "CausewayConnectorKit", log,
            ],
            swiftSettings: settings),

        // The socket.
        .target(
            name: "CausewayWire",
            dependencies: ["CausewayCore", "CausewayMessages", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings),
        .target(
            name: "CausewayServer",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire", "CausewayEngine", "CausewayStore",
                "CausewayConnectorKit", "CLinux", log,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings),
        .target(
            name: "CausewayClient",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "CausewayCommands",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayClient",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // What is the daemon's alone and not the engine's: configuration, log, signals, systemd.
        .target(
            name: "CausewayDaemon",
            dependencies: [
                "CausewayCore", "CLinux", log, .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Composition roots.
        .executableTarget(
            name: "causewayd",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayStore", "CausewayVault", "CausewayTransport",
                "CausewayConnectorKit", "CausewayConnectors", "CausewayEngine", "CausewayWire", "CausewayServer",
                "CausewayDaemon", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(name: "causeway", dependencies: ["CausewayCommands"], swiftSettings: settings),

        // Tests.
        // Scripted changes of a store, for the tests under faults; not installed.
        .executableTarget(
            name: "causeway-store-exercise",
            dependencies: ["CausewayCore", "CausewayStore", "CLMDB"],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayStoreTests",
            dependencies: ["CausewayCore", "CausewayMessages", "CausewayStore", "CLMDB", "causeway-store-exercise"],
            swiftSettings: settings),
        .target(
            name: "CausewayTestKit",
            dependencies: ["CausewayCore", "CausewayConnectorKit"],
            swiftSettings: settings),
        // Files in, rows out as JSON, to be compared with what other programs read; not installed.
        .executableTarget(
            name: "causeway-parse", dependencies: ["CausewayCore", "CausewayStore", "CausewayIngest"],
            swiftSettings: settings),
        // Connections by the thousand, for measurements; not installed.
        .executableTarget(
            name: "causeway-bench-connections",
            dependencies: [
                "CausewayCore", "CausewayStore", "CausewayVault", "CausewayConnectors", "CausewayEngine",
                "CausewayDaemon", log,
            ],
            swiftSettings: settings),
        // Imports of local files through the whole engine, for measurements; not installed.
        .executableTarget(
            name: "causeway-bench-import",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayStore", "CausewayVault", "CausewayConnectorKit",
                "CausewayConnectors", "CausewayEngine", "CausewayDaemon", log,
            ],
            swiftSettings: settings),
        // Simulated worlds and the program that lives them; not installed.
        .target(
            name: "CausewaySimulation",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayStore", "CausewayVault", "CausewayConnectorKit",
                "CausewayEngine", "CausewayTestKit", log,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "causeway-simulate",
            dependencies: [
                "CausewaySimulation", "CausewayTestKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewaySimulationTests", dependencies: ["CausewaySimulation", "CausewayTestKit"],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayMessagesTests", dependencies: ["CausewayMessages"], swiftSettings: settings),
        .testTarget(
            name: "CausewayWireTests",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(name: "CausewayCoreTests", dependencies: ["CausewayCore"], swiftSettings: settings),
        .testTarget(
            name: "CausewayVaultTests", dependencies: ["CausewayCore", "CausewayVault"], swiftSettings: settings),
        .testTarget(
            name: "CausewayIngestTests",
            dependencies: [
                "CausewayCore", "CausewayStore", "CausewayMessages", "CausewayIngest", "CScan", "CZlib", "CZstd",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayDaemonTests",
            dependencies: [
                "CausewayCore", "CausewayDaemon", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayTransportTests",
            dependencies: ["CausewayCore", "CausewayTransport", "CausewayTestKit"],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayConnectorKitTests",
            dependencies: ["CausewayCore", "CausewayConnectorKit", "CausewayTestKit"],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayConnectorsTests",
            dependencies: [
                "CausewayCore", "CausewayConnectorKit", "CausewayConnectors", "CausewayTestKit",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayCommandsTests",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayCommands",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayServerTests",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire", "CausewayServer", "CausewayClient",
                "CausewayConnectorKit", "CausewayEngine", "CausewayStore", "CausewayVault", "CausewayTestKit", log,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayClientTests",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire", "CausewayClient",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayEngineTests",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayStore", "CausewayVault", "CausewayConnectorKit",
                "CausewayEngine", "CausewayTestKit", log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CausewayEndToEndTests",
            dependencies: [
                "CausewayCore", "CausewayTestKit",
                // Started by the tests.
                "causewayd", "causeway",
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

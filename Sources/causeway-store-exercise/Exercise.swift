import CLMDB
import CausewayCore
import CausewayStore
@preconcurrency import Glibc

/// Performs scripted changes of a store, and checks stores, for the fault tests. Not part of the product.
///
///     causeway-store-exercise run FOLDER SHARDS UNITS [nosync|nometasync]
///     causeway-store-exercise check FOLDER SHARDS
///     causeway-store-exercise verify FOLDER
///     causeway-store-exercise descriptors
@main
struct Exercise {
    static func main() async {
        setvbuf(stdout, nil, _IOLBF, 0)
        var words = CommandLine.arguments.dropFirst()
        do {
            switch (words.popFirst(), words.popFirst()) {
            case ("run", let folder?): try await runner(folder, words).run()
            case ("check", let folder?): try await Checker(folder: folder, shards: number(words.popFirst())).run()
            case ("verify", let folder?): _ = try StoreVerifier.verify(folder)
            case ("descriptors", nil): descriptors()
            default: throw CausewayError.invalid("arguments", "run, check, verify or descriptors.")
            }
        } catch {
            let error = CausewayError.wrapping(error)
            print("error \(error.reason)")
            fputs("\(error)\n", stderr)
            exit(1)
        }
    }

    private static func runner(_ folder: String, _ words: ArraySlice<String>) throws -> Runner {
        var words = words
        var hooks = StoreHooks()
        let (shards, units) = (try number(words.popFirst()), try number(words.popFirst()))
        switch words.popFirst() {
        case "nosync": hooks.unsafeFlags = UInt32(MDB_NOSYNC)
        case "nometasync": hooks.unsafeFlags = UInt32(MDB_NOMETASYNC)
        case nil: break
        case let flag?: throw CausewayError.invalid("flag", "\(flag) is neither nosync nor nometasync.")
        }
        return Runner(folder: folder, shards: shards, units: units, hooks: hooks)
    }

    private static func number(_ text: String?) throws -> UInt64 {
        guard let number = text.flatMap({ UInt64($0) }), (1...100_000).contains(number) else {
            throw CausewayError.invalid("number", "a number from 1 to 100000 is wanted.")
        }
        return number
    }

    /// What this process inherited: the target of each open descriptor.
    private static func descriptors() {
        for descriptor in 0..<1_024 {
            var target = [CChar](repeating: 0, count: 4_096)
            let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
            guard length > 0 else { continue }
            print(String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }
}

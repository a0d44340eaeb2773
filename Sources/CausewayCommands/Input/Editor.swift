@preconcurrency import Glibc

/// The user's own editor on a text.
enum Editor {
    /// Lets the user edit the text, and returns it as it was saved.
    ///
    /// The file is readable by its owner only and is removed in the end.
    static func edit(_ text: String) throws -> [UInt8] {
        let folder = Environment.value("TMPDIR") ?? "/tmp"
        var template = Array("\(folder)/causeway-XXXXXX.json".utf8CString)
        let descriptor = mkstemps(&template, 5)
        guard descriptor >= 0 else { throw Failure.system("could not make a file in \(folder)", errno) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        do {
            defer { close(descriptor) }
            try Descriptor.write(Array(text.utf8), to: descriptor)
        }
        try run(path)
        // An editor may replace the file, so it is opened anew.
        let edited = open(path, O_RDONLY | O_CLOEXEC)
        guard edited >= 0 else { throw Failure.system("could not open the edited file", errno) }
        defer { close(edited) }
        return try Descriptor.readAll(edited, limit: ConnectionDocument.maximumSize, "the document")
    }

    private static func run(_ path: String) throws {
        let names = ["VISUAL", "EDITOR"].compactMap(Environment.value).filter { !$0.isEmpty }
        let editor = names.first ?? "vi"
        // The shell splits the variable into command and arguments, as git does.
        let arguments = ["sh", "-c", "\(editor) \"$@\"", editor, path]
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        sigaddset(&defaults, SIGINT)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        // Ctrl-C belongs to the editor while it runs.
        signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, SIG_DFL) }
        var child = pid_t()
        let code = posix_spawn(&child, "/bin/sh", nil, &attributes, &pointers, environ)
        guard code == 0 else { throw Failure.system("could not start \(editor)", code) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure.system("could not wait for \(editor)", errno) }
        }
        guard status == 0 else { throw Failure(.interrupted, "\(editor) ended with an error; nothing was changed.") }
    }
}

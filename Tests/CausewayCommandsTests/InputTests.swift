import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct ScheduleTextTests {
    @Test(arguments: [
        ("manual", "manual"), ("every 15m", "every 15m"), ("every 1h 30m", "every 1h30m"), ("every 90s", "every 1m30s"),
        ("daily 02:30", "daily 02:30"), ("daily at 2:05 Europe/Paris", "daily 02:05 Europe/Paris"),
        ("  Every   7d ", "every 7d"),
    ])
    func reads(_ text: String, _ normal: String) throws {
        let schedule = try ScheduleText.parse(text)
        #expect(ScheduleText.text(schedule) == normal)
        #expect(try ScheduleText.parse(normal) == schedule)
    }

    @Test(arguments: [
        "", "never", "manual now", "every", "every 10s", "every x", "every -1h", "daily", "daily 24:00", "daily 2",
        "daily 02:30 Europe/Paris tomorrow", "hourly",
    ])
    func refuses(_ text: String) {
        #expect { try ScheduleText.parse(text) } throws: { ($0 as? Failure)?.status == .usage }
    }
}

@Suite struct AssignmentTests {
    @Test func splitsAtTheFirstSign() throws {
        #expect(try Assignment("a=b=c", option: "--set") == Assignment(name: "a", value: "b=c"))
        #expect(try Assignment("a=", option: "--set").value == "")
        for text in ["", "a", "=b"] { #expect(throws: Failure.self) { try Assignment(text, option: "--set") } }
    }

    @Test(
        arguments: [
            ("customers", []),
            ("customers:folder=/in,pattern=*.csv,primary_key=id", ["folder=/in", "pattern=*.csv", "primary_key=id"]),
            ("o:primary_key=region,number,folder=/out", ["primary_key=region,number", "folder=/out"]),
            ("o:folder=/a\\,b,pattern={x\\,y}.csv", ["folder=/a,b", "pattern={x,y}.csv"]),
            ("o:folder=C:\\x,done_file=", ["folder=C:\\x", "done_file="]),
            ("o:folder=/in/A=1,pattern=x", ["folder=/in/A=1", "pattern=x"]),
            ("o:", []),
        ] as [(String, [String])])
    func entity(_ text: String, _ settings: [String]) throws {
        let option = try EntityOption(text)
        #expect(option.settings.map { "\($0.name)=\($0.value)" } == settings)
    }

    @Test(arguments: ["", ":folder=/in", "folder=/in", "customers:/in"])
    func refusesEntity(_ text: String) { #expect(throws: Failure.self) { try EntityOption(text) } }
}

@Suite struct SettingTests {
    private let set = SettingSet.connection(sampleIntegration, sampleIntegration.signInMethods.first)

    @Test func readsByType() throws {
        let texts = ["host=h", "port=2222", "keep_alive=1m", "host_key_fingerprint=a, b", "username=u=v"]
        let values = try set.values(texts.map { try Assignment($0, option: "--set") })
        #expect(values["port"]?.kind == .integer(2222))
        #expect(values["keep_alive"]?.kind == .text("1m"))
        #expect(values["host_key_fingerprint"]?.kind == .texts(.with { $0.values = ["a", "b"] }))
        #expect(values["username"]?.kind == .text("u=v"))
    }

    @Test(arguments: ["port=0", "port=65536", "port=x", "keep_alive=soon", "keep_alive=2h", "nothing=1"])
    func refuses(_ text: String) {
        #expect { try set.values([Assignment(text, option: "--set")]) } throws: {
            ($0 as? Failure)?.status == .dataError
        }
    }

    @Test func refusesSecretsOnTheCommandLineWithoutSayingThem() {
        #expect { try set.values([Assignment("password=hunter2", option: "--set")]) } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.status == .usage && !"\(failure)".contains("hunter2")
        }
    }

    @Test func choicesAndFlags() throws {
        let set = SettingSet.entity(sampleIntegration)
        #expect(try set.values([Assignment(name: "post_action", value: "move")])["post_action"]?.text == "move")
        #expect(throws: Failure.self) { try set.values([Assignment(name: "post_action", value: "burn")]) }
        #expect(try set.values([Assignment(name: "header", value: "No")])["header"]?.kind == .boolean(false))
        #expect(throws: Failure.self) { try set.values([Assignment(name: "header", value: "maybe")]) }
    }

    @Test func aTypeOfANewerDaemonIsText() throws {
        let spec = spec("colour", SettingSpec.TypeEnum(rawValue: 99))
        let value: SettingValue = try spec.value("red", "colour")
        #expect(value.kind == .text("red"))
        #expect(spec.typeText == "type 99")
    }
}

@Suite struct PromptTests {
    @Test func choicesByNumberAndName() throws {
        let choices = [(id: "password", title: "Password"), (id: "key", title: "Private key")]
        #expect(try Answers(["2"]).prompt.choice("?", choices, default: nil) == "key")
        #expect(try Answers(["key"]).prompt.choice("?", choices, default: nil) == "key")
        #expect(try Answers([""]).prompt.choice("?", choices, default: "password") == "password")
        let stubborn = Answers(["9", "x", "1"])
        #expect(try stubborn.prompt.choice("?", choices, default: nil) == "password")
        #expect(stubborn.shown.contains("1 to 2"))
    }

    @Test func secretsAreNotEchoed() throws {
        let answers = Answers(["hunter2"])
        let secret = try answers.prompt.secret("Password")
        #expect(secret.matches(Secret("hunter2")))
        #expect(answers.hidden == 1)
        #expect(!answers.shown.contains("hunter2"))
    }

    @Test func aSecretFileThatIsNotThereIsAskedForAgain() throws {
        var credentials = Credentials()
        let answers = Answers(["@/nonexistent", "", "hunter2"])
        try credentials.ask(answers.prompt, SettingSet([spec("password", required: true, secret: true)]))
        #expect(credentials.bytes == ["password": Array("hunter2".utf8)])
        #expect(answers.shown.contains("No such file"))
    }

    @Test func theNewlineThatEndsALineIsNotPartOfASecret() throws {
        func bytes(_ text: String) throws -> [UInt8] {
            let file = try SecretFile(text)
            return try SecretSource.file(file.path).read().withUnsafeBytes { Array($0) }
        }
        #expect(try bytes("a b\n") == Array("a b".utf8))
        #expect(try bytes("a\r\n") == Array("a".utf8))
        #expect(try bytes("-----\nkey\n") == Array("-----\nkey\n".utf8))
        #expect(try bytes("") == [])
        #expect { try bytes(String(repeating: "x", count: 70_000)) } throws: { ($0 as? Failure)?.status == .dataError }
    }

    @Test func theEndOfInputEndsTheCommand() {
        #expect { try Answers([]).prompt.text("?") } throws: { ($0 as? Failure)?.status == .interrupted }
    }

    @Test func consentIsNeeded() throws {
        #expect { try Confirmation.require(false, "?", nobody) } throws: { ($0 as? Failure)?.status == .usage }
        #expect { try Confirmation.require(false, "?", Answers([""]).prompt) } throws: {
            ($0 as? Failure)?.status == .interrupted
        }
        try Confirmation.require(false, "?", Answers(["yes"]).prompt)
        try Confirmation.require(true, "?", nobody)
    }

    @Test func remoteTextInAQuestionIsHarmless() throws {
        let answers = Answers(["x"])
        _ = try answers.prompt.text("evil\u{1B}[2J")
        #expect(!answers.shown.contains("\u{1B}"))
    }
}

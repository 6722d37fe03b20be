using System.CommandLine;
using System.Text.Json;
using Whorl.Delivery.Cli;
using Whorl.Delivery.Cli.Hashing;
using Whorl.Tests.Support;

namespace Whorl.Tests.Cli.Hashing;

/// <summary>Runs <c>whorl hash</c> and <c>whorl compare</c> on files of its own folder and keeps what they print.</summary>
internal sealed class HashRun : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _data = new() { NewLine = "\n" };
    private readonly StringWriter _talk = new() { NewLine = "\n" };

    public string Data => _data.ToString();

    public string Talk => _talk.ToString();

    public bool Terminal { get; init; }

    /// <summary>What a reader of standard input gets.</summary>
    public Stream Input { get; init; } = Stream.Null;

    public string Folder => _folder.Path;

    public string File(string name) => _folder.File(name);

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(_folder.File(name), bytes);
        return _folder.File(name);
    }

    public int Hash(params string[] arguments) => Run(HashCommand.Create, arguments);

    public int Compare(params string[] arguments) => Run(CompareCommand.Create, arguments);

    /// <summary>Each line of standard output as JSON.</summary>
    public List<JsonElement> Rows() =>
        [.. Data.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public void Dispose()
    {
        _folder.Dispose();
        _data.Dispose();
        _talk.Dispose();
    }

    private int Run(Func<Output, Func<Stream>, Command> create, string[] arguments) =>
        create(new Output(_data, _talk, Terminal), () => Input).Parse(arguments).Invoke();
}

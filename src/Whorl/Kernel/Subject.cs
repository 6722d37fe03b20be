namespace Whorl.Kernel;

/// <summary>What an observation is about, as text: <c>ip:203.0.113.9</c>, <c>session:…</c>, <c>site:example.com</c>.</summary>
internal readonly record struct Subject(string Text)
{
    public static Subject Ip(PeerAddress address) => new($"ip:{address}");

    public static Subject Session(string session) => new($"session:{session}");

    public static Subject Site(string host) => new($"site:{host}");

    public static Subject Campaign(string id) => new($"campaign:{id}");

    public override string ToString() => Text;
}

using Whorl.Kernel;

namespace Whorl.Sources.Edge.Recording;

/// <summary>What is kept of one request until the recorder writes it down. Pooled; texts are shared with the request, nothing is copied.</summary>
internal sealed class RequestRecord
{
    public ObservationId Id;

    public PeerAddress Client;

    /// <summary>The client's address as text.</summary>
    public byte[] ClientText = [];

    /// <summary>The connection's fields, encoded; empty where a proxy stands between.</summary>
    public byte[] Wire = [];

    public byte[] Site = [];

    public byte[] Upstream = [];

    public string Method = "";

    public string Scheme = "";

    public string Host = "";

    public string Path = "";

    public string? Query;

    public string Version = "";

    public string? UserAgent;

    public string? Referer;

    public bool Direct;

    /// <summary>0 where the client went away before an answer.</summary>
    public int Status;

    public long ResponseBytes;

    public long DurationMicroseconds;

    public Verdict Verdict;

    public DecisionAction Done;

    /// <summary>Why the request was refused unread; its method, target and fields are then as far as they could be read.</summary>
    public RequestFault Fault;

    /// <summary>Further malformed requests of the same address that this record stands for.</summary>
    public int Repeats;

    public RuleInfo[] Rules = new RuleInfo[8];

    public int RuleCount;

    public void SetRules(List<RuleInfo> hits)
    {
        RuleCount = hits.Count;
        if (Rules.Length < RuleCount)
        {
            Rules = new RuleInfo[RuleCount];
        }

        hits.CopyTo(Rules);
    }
}

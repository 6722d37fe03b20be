using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>
/// Fetches the lists that the operator named by address into the folder the library reads. What arrives is kept only when it came whole and has
/// a signature in it; until then the copy from before stays.
/// </summary>
internal sealed class SignatureFetcher(IOptions<SignaturesOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<SignatureFetcher> logger) : BackgroundService
{
    private const int MaxLength = 64 * 1024 * 1024; // What the library reads of one file.

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        SignatureUrl[] urls = [.. options.Value.Urls.Select(text => SignatureUrl.TryParse(text, out SignatureUrl? url) ? url : null).OfType<SignatureUrl>()];
        await Task.WhenAll(urls.Select(url => KeepAsync(url, stoppingToken)));
    }

    /// <summary>Where the copy of a list is kept.</summary>
    public string FileFor(SignatureUrl url) => Path.Combine(
        SignaturesOptions.FetchedFolder(node.Value.Data), $"{SignatureKinds.NameOf(url.Kind)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.Address.AbsoluteUri)))[..12]}.csv");

    /// <summary>Fetches one list now; why it could not be, or null.</summary>
    public async Task<string?> FetchAsync(SignatureUrl url, CancellationToken cancel)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Patience);
        try
        {
            using HttpClient client = new() { MaxResponseContentBufferSize = MaxLength };
            byte[] list = await client.GetByteArrayAsync(url.Address, deadline.Token);
            if (Fingerprints.Matching.SignatureCsv.Parse(Encoding.UTF8.GetString(list), url.Kind, url.Address.Host).Signatures.Count == 0)
            {
                return $"there is no {SignatureKinds.NameOf(url.Kind)} fingerprint in it";
            }

            string file = FileFor(url);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file + ".new", list, deadline.Token);
            File.Move(file + ".new", file, overwrite: true);
            return null;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or UnauthorizedAccessException || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return fault is OperationCanceledException ? $"no answer in {Patience.TotalSeconds:0} s" : fault.Message;
        }
    }

    private async Task KeepAsync(SignatureUrl url, CancellationToken cancel)
    {
        while (true)
        {
            string? fault = await FetchAsync(url, cancel);
            if (fault is not null)
            {
                SignaturesLog.NotFetched(logger, url.Address, fault, Rest);
            }

            await Task.Delay(fault is null ? options.Value.FetchEvery : Rest, clock, cancel);
        }
    }
}

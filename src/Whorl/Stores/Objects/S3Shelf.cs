using System.Net;
using System.Security.Cryptography;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Whorl.Stores.Objects;

/// <summary>Objects in a bucket of Amazon S3, or of a service that speaks its language. What comes back is what its name says, or it is not there.</summary>
internal sealed class S3Shelf : IObjectShelf, IDisposable
{
    // Larger than anything that is kept; more is not ours.
    private const long MaxObject = 256 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly S3Options _options;
    private readonly AmazonS3Client _client;

    public S3Shelf(S3Options options)
    {
        _options = options;
        AmazonS3Config config = new()
        {
            ForcePathStyle = options.PathStyle,
            Timeout = Patience,
            MaxErrorRetry = 1,
            RetryMode = RequestRetryMode.Standard,

            // Not `auto`: that asks the machine's metadata service.
            DefaultConfigurationMode = DefaultConfigurationMode.Standard,

            // Other services do not know the newer checksums; the hash of the body is signed in any case.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint.Length > 0)
        {
            config.ServiceURL = options.Endpoint;
            config.AuthenticationRegion = options.Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        (string id, string secret) = options.ReadKey();
        _client = new AmazonS3Client(new BasicAWSCredentials(id, secret), config);
    }

    public int Overhead => 0;

    public TimeSpan MeasureHolds => TimeSpan.FromHours(1);

    public async Task<bool> HasAsync(string name, CancellationToken cancel) =>
        await AskAsync(token => _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = KeyOf(name) }, token), cancel) is not null;

    public async Task PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        using MemoryStream body = new(bytes.ToArray(), writable: false);
        PutObjectRequest put = new()
        {
            BucketName = _options.Bucket,
            Key = KeyOf(name),
            InputStream = body,
            AutoCloseStream = false,
            ContentType = "application/octet-stream",
            UseChunkEncoding = false,
            DisablePayloadSigning = false,
        };
        if (await AskAsync(token => _client.PutObjectAsync(put, token), cancel) is null)
        {
            throw new IOException($"There is no bucket {_options.Bucket}.");
        }
    }

    public async Task<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        byte[]? bytes = await AskAsync(
            async token =>
            {
                using GetObjectResponse answer = await _client.GetObjectAsync(new GetObjectRequest { BucketName = _options.Bucket, Key = KeyOf(name) }, token);
                if (answer.ContentLength is < 0 or > MaxObject)
                {
                    return [];
                }

                byte[] body = new byte[answer.ContentLength];
                await answer.ResponseStream.ReadExactlyAsync(body, token);
                return body;
            },
            cancel);
        return bytes is not null && Convert.ToHexStringLower(SHA256.HashData(bytes)) == name ? new MemoryStream(bytes, writable: false) : null;
    }

    public async Task<long> MeasureAsync(CancellationToken cancel)
    {
        long sum = 0;
        ListObjectsV2Request list = new() { BucketName = _options.Bucket, Prefix = _options.Prefix };
        do
        {
            ListObjectsV2Response page = await AskAsync(token => _client.ListObjectsV2Async(list, token), cancel) ?? throw new IOException($"There is no bucket {_options.Bucket}.");
            sum += page.S3Objects?.Sum(each => each.Size ?? 0) ?? 0;
            list.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (list.ContinuationToken is not null);
        return sum;
    }

    public void Dispose() => _client.Dispose();

    private string KeyOf(string name) => _options.Prefix + name;

    // Null where there is no such thing; everything else that goes wrong is an IOException: what the client throws at an odd answer is anything, a FormatException at an ETag it does not know.
    private static async Task<T?> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancel)
        where T : class
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(4 * Patience);
        try
        {
            return await ask(late.Token);
        }
        catch (AmazonS3Exception fault) when (fault.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (AmazonS3Exception fault)
        {
            throw new IOException($"The object store refuses: {fault.ErrorCode ?? fault.StatusCode.ToString()}", fault);
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            throw new IOException("The object store does not answer: " + fault.Message, fault);
        }
    }
}

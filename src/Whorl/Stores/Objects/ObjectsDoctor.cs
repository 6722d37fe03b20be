using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>What <c>whorl doctor</c> says about the objects.</summary>
internal sealed class ObjectsDoctor(ObjectStore store, IOptions<ObjectOptions> options) : IDoctorCheck
{
    public async Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        ObjectOptions chosen = options.Value;
        bool bucket = chosen.Provider == ObjectProvider.S3;
        string name = bucket ? "objects: bucket" : "objects: files";
        try
        {
            long used = await store.UsedAsync(cancel) / (1024 * 1024);
            string where = bucket ? $"{chosen.S3.Bucket}: " : "";
            return new(name, true, $"{where}{used} of {chosen.Megabytes} MB", null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new(name, false, fault.Message, bucket ? "Check Objects:S3: endpoint, bucket, region and key" : "Check who owns the folder objects under Node:Data");
        }
    }
}
